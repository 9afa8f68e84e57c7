import { createHash } from "node:crypto";
import type { NodeId, ReservationId } from "@pi-controller/schema";

const PREFIX_LENGTH = 8;
/** Beyond this the memory of prefixes begins anew. */
const MOST_REMEMBERED = 4_096;
/** Every request for another node's pin looks through the ids of all nodes: each is hashed once. */
const prefixes = new Map<NodeId, string>();

/** First 8 hex digits of the SHA-256 of a node id: what the ids of its reservations begin with. */
export function ownerPrefix(nodeId: NodeId): string {
  const known = prefixes.get(nodeId);
  if (known !== undefined) return known;
  if (prefixes.size >= MOST_REMEMBERED) prefixes.clear();
  const prefix = createHash("sha256").update(nodeId).digest("hex").slice(0, PREFIX_LENGTH);
  prefixes.set(nodeId, prefix);
  return prefix;
}

/** @param ulid has to be higher than those of all earlier reservations of this node: it is their order in line */
export function reservationIdOf(nodeId: NodeId, ulid: string): ReservationId {
  return `${ownerPrefix(nodeId)}-${ulid}`;
}

/** Whether a reservation can be of a node. */
export function isIdOf(nodeId: NodeId, id: ReservationId): boolean {
  return id.startsWith(ownerPrefix(nodeId));
}

/** Those of the nodes that the reservation can be of: one, or none; two in one of about 8,600 meshes of 1,000 nodes. */
export function ownersAmong(id: ReservationId, nodeIds: Iterable<NodeId>): readonly NodeId[] {
  const prefix = id.slice(0, PREFIX_LENGTH);
  return [...nodeIds].filter((nodeId) => ownerPrefix(nodeId) === prefix);
}
