export { type BoxContext, type BoxKey, boxKey, sealTo } from "./box.ts";
export { fingerprintOf, newTokenId, newUserId } from "./crockford.ts";
export { deriveKey } from "./derive.ts";
export {
  inDomain,
  privateKeyOfSeed,
  publicKeyFromRaw,
  publicKeyOfSeed,
  rawPublicKey,
  SEED_BYTES,
  SIGNATURE_BYTES,
  signWith,
  verifySignature,
} from "./ed25519.ts";
export { fromBase64Url, toBase64Url, utf8 } from "./encoding.ts";
export { publicKeyOfNode } from "./node-public-key.ts";
export {
  defaultPasswordCost,
  equalBytes,
  newSalt,
  type PasswordCost,
  PasswordHasher,
  type PasswordHasherComponents,
  type PasswordHasherOptions,
  type PasswordKeys,
} from "./password.ts";
export { seal, unseal } from "./seal.ts";
export { newSetupCode, parseSetupCode } from "./setup-code.ts";
export {
  joinTokenSigningKey,
  type NodeKey,
  nodeKeyOf,
  signingKey,
  type UserKeys,
  userKeysOf,
} from "./signing-keys.ts";
export {
  formatApiToken,
  formatJoinToken,
  type JoinTokenSecret,
  newSeed,
  parseApiToken,
  parseJoinToken,
  type TokenSecret,
} from "./tokens.ts";
