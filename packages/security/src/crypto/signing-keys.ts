import type { NodeId } from "@pi-controller/schema";
import type { Signer, UserId } from "../trust/statements.ts";
import type { SigningKey } from "../trust/trust-port.ts";
import { type BoxKey, boxKey } from "./box.ts";
import { deriveKey } from "./derive.ts";
import { privateKeyOfSeed, publicKeyOfSeed, SEED_BYTES, signWith } from "./ed25519.ts";

/** A key that signs in somebody's name, from its seed of 32 bytes. */
export function signingKey(signer: Signer, seed: Uint8Array): SigningKey {
  const key = privateKeyOfSeed(seed);
  return { signer, sign: (bytes) => signWith(key, bytes) };
}

/** The key of a join token, as the node that carries it holds it. */
export function joinTokenSigningKey(token: { readonly id: string; readonly seed: Uint8Array }): SigningKey {
  return signingKey({ kind: "join-token", token: token.id }, token.seed);
}

/** All that a node can do with the key that makes it who it is. */
export interface NodeKey extends SigningKey {
  readonly node: NodeId;
  /** What is sealed to this node. */
  readonly box: BoxKey;
  /** Seals what this node keeps on its own disk: 32 bytes. */
  readonly storageKey: Uint8Array;
}

/** @param privateKey libp2p's Ed25519 private key; its first 32 raw bytes are the seed */
export function nodeKeyOf(node: NodeId, privateKey: { readonly raw: Uint8Array }): NodeKey {
  const seed = privateKey.raw.subarray(0, SEED_BYTES);
  return {
    ...signingKey({ kind: "node", node }, seed),
    node,
    box: boxKey(deriveKey(seed, "node box key")),
    storageKey: deriveKey(seed, "node storage key"),
  };
}

/** The keys of a user, both made from one seed of 32 bytes. */
export interface UserKeys {
  readonly signing: SigningKey;
  /** Raw; of `signing`. */
  readonly publicKey: Uint8Array;
  readonly box: BoxKey;
}

export function userKeysOf(user: UserId, seed: Uint8Array): UserKeys {
  const signingSeed = deriveKey(seed, "user signing key");
  return {
    signing: signingKey({ kind: "user", user }, signingSeed),
    publicKey: publicKeyOfSeed(signingSeed),
    box: boxKey(deriveKey(seed, "user box key")),
  };
}
