// What tests of whole peers forge with. No program imports it.

export { leafTemplate } from "./certificates/profiles.ts";
export { buildCertificate, buildRequest } from "./certificates/x509-builder.ts";
export { type TestNode, testNode } from "./crypto/testing.ts";
export { ADMIT_METHOD, encodeMessage, HELLO_METHOD, PROVE_METHOD } from "./enrolment/protocol/messages.ts";
export { codeKey, NONCE_BYTES, proofOf, transcriptOf } from "./enrolment/protocol/transcript.ts";
export { makeJwt } from "./tokens/access-jwt.ts";
export { signCompact } from "./tokens/compact-jws.ts";
export { signDelegation } from "./tokens/delegation.ts";
export { authorityContext } from "./trust/building/authority.ts";
export type { SignedStatement } from "./trust/signed-statement.ts";
export {
  SimulatedTrustDisk,
  type SimulatedTrustDiskComponents,
  type TrustContent,
} from "./trust/simulated-trust.ts";
export { testCost } from "./trust/testing.ts";
