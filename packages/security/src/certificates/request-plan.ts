import { type CertificateNames, isEmpty, isSameNames } from "./certificate-names.ts";

export interface RequestState {
  /** What the node is called now, besides the loopback. */
  readonly names: CertificateNames;
  /** For how long it has been called so, ms. */
  readonly unchangedForMs: number;
  /** What it asked for last; undefined when it never did, or with a key that it has no more. */
  readonly requested: CertificateNames | undefined;
}

/**
 * Pure: whether the node should ask for another certificate for its authority. Every request is kept by all nodes, so
 * that addresses which come and go are waited for.
 *
 * @param settleMs how long names must have been the same
 */
export function isRequestDue({ names, unchangedForMs, requested }: RequestState, settleMs: number): boolean {
  if (isEmpty(names)) return false;
  if (requested === undefined) return true;
  return !isSameNames(names, requested) && unchangedForMs >= settleMs;
}
