import type { KeyObject } from "node:crypto";
import { peerIdFromString } from "@libp2p/peer-id";
import type { NodeId } from "@pi-controller/schema";
import { publicKeyFromRaw } from "./ed25519.ts";

/** A key that is used again need not be parsed again; more nodes than these have theirs parsed each time. */
const MAX_KEPT_KEYS = 2_048;
/** In the order of use, longest ago first. */
const keptKeys = new Map<NodeId, KeyObject>();

/**
 * The Ed25519 key that a node id is: a libp2p peer id of that kind holds it whole (libp2p's peer id specification).
 *
 * @returns undefined for any other id
 */
export function publicKeyOfNode(node: NodeId): KeyObject | undefined {
  const key = keptKeys.get(node) ?? parse(node);
  if (key === undefined) return undefined;
  keptKeys.delete(node);
  keptKeys.set(node, key);
  const [longestAgo] = keptKeys.keys();
  if (keptKeys.size > MAX_KEPT_KEYS && longestAgo !== undefined) keptKeys.delete(longestAgo);
  return key;
}

function parse(node: NodeId): KeyObject | undefined {
  try {
    const peer = peerIdFromString(node);
    // One key has one id: other spellings of it would be other members.
    if (peer.type !== "Ed25519" || peer.toString() !== node) return undefined;
    return publicKeyFromRaw(peer.publicKey.raw);
  } catch {
    return undefined;
  }
}
