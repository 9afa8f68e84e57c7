import { createHash } from "node:crypto";
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import type { NodeId } from "@pi-controller/schema";
import { publicKeyOfSeed } from "./ed25519.ts";
import { type NodeKey, nodeKeyOf } from "./signing-keys.ts";

export interface TestNode {
  readonly node: NodeId;
  /** In the form that libp2p has it in. */
  readonly privateKey: { readonly raw: Uint8Array };
  readonly key: NodeKey;
}

/** Seed number `index` of those that tests use: the same every time. */
export function testSeed(index: number | string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(`test ${index}`).digest());
}

/** A node with a real identity, for tests: the same one for the same index. */
export function testNode(index: number | string): TestNode {
  const seed = testSeed(`node ${index}`);
  const publicKey = publicKeyOfSeed(seed);
  const peer = peerIdFromPublicKey(publicKeyFromRaw(publicKey));
  const node = peer.toString();
  const privateKey = { raw: Buffer.concat([seed, publicKey]) };
  return { node, privateKey, key: nodeKeyOf(node, privateKey) };
}
