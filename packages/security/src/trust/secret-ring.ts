import type { NodeId } from "@pi-controller/schema";
import { deriveKey } from "../crypto/derive.ts";
import { toBase64Url } from "../crypto/encoding.ts";
import type { MeshSecret } from "./building/mesh-secrets.ts";

/** Each costs a trial on every inbound connection; who was away for longer is enrolled anew. */
export const MAX_RING = 8;
const TAG_BYTES = 16;

/** Names one mesh secret. Two sides of a partition may both have begun an epoch, each with a secret of its own. */
export interface SecretName {
  readonly epoch: number;
  /** Says nothing of the secret that it follows from. */
  readonly tag: string;
}

export interface NamedSecret extends MeshSecret, SecretName {}

export function named({ epoch, secret }: MeshSecret): NamedSecret {
  return { epoch, secret, tag: toBase64Url(deriveKey(secret, "mesh secret name", TAG_BYTES)) };
}

/** In the order in which all peers prefer them: newest first. */
export function inOrder(secrets: readonly NamedSecret[]): NamedSecret[] {
  return [...secrets].sort((one, other) => other.epoch - one.epoch || (one.tag < other.tag ? 1 : -1));
}

/**
 * The mesh secrets that are still of use: the newest, and older ones as long as some member may have no newer one.
 *
 * @param secrets all that are known, in any order
 * @param others members other than this node
 * @param acknowledged what each member is known to have
 * @returns newest first
 */
export function ringOf(
  secrets: readonly NamedSecret[],
  others: Iterable<NodeId>,
  acknowledged: ReadonlyMap<NodeId, SecretName>,
): NamedSecret[] {
  const newestFirst = inOrder(secrets);
  let needed = 1;
  for (const node of others) {
    const place = placeOf(newestFirst, acknowledged.get(node));
    needed = Math.max(needed, place === undefined ? newestFirst.length : place + 1);
  }
  return newestFirst.slice(0, Math.min(needed, MAX_RING));
}

/**
 * With which secrets a peer may be dialled, the one that it surely has first: it may have a newer one that this node
 * has not heard of, and have dropped the older.
 *
 * @param ring newest first
 * @param acknowledged what it is known to have; undefined when nothing is known
 */
export function diallingOrder(
  ring: readonly NamedSecret[],
  acknowledged: SecretName | undefined,
): NamedSecret[] {
  const place = placeOf(ring, acknowledged);
  return ring.slice(0, place === undefined ? ring.length : place + 1).toReversed();
}

/** Whether members have different secrets of the newest epoch: only the authority can end that, with a next one. */
export function isContested(
  ring: readonly NamedSecret[],
  acknowledged: ReadonlyMap<NodeId, SecretName>,
): boolean {
  const [newest] = ring;
  if (newest === undefined) return false;
  return [...acknowledged.values()].some(({ epoch, tag }) => epoch === newest.epoch && tag !== newest.tag);
}

/** Where in the ring the secret is that a peer surely has; undefined when it may be any. */
function placeOf(ring: readonly NamedSecret[], acknowledged: SecretName | undefined): number | undefined {
  if (acknowledged === undefined) return undefined;
  // It is ahead, and keeps what this node has until this node has what is newer.
  if (acknowledged.epoch > (ring[0]?.epoch ?? 0)) return 0;
  const place = ring.findIndex(({ epoch, tag }) => epoch === acknowledged.epoch && tag === acknowledged.tag);
  return place === -1 ? undefined : place;
}
