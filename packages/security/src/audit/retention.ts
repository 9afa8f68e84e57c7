import type { ChainPoint } from "./chain-check.ts";

/** Records are deleted in blocks of this many: the anchor moves seldom. */
export const BLOCK = 500;

export interface AuditRetention {
  /** Older records are deleted beyond this many, and at most a block. */
  readonly maxRecords: number;
  /** And those made longer ago than this, ... */
  readonly maxAgeMs: number;
  /** ... but for the newest so many: a clock that is years wrong must not wipe the log. */
  readonly minRecords: number;
}

/**
 * Pure: up to which record the log is cut.
 *
 * @param newestAged the newest record that is too old, if any
 * @returns undefined when a whole block is not due yet
 */
export function cutUpTo(
  anchor: ChainPoint,
  head: ChainPoint,
  newestAged: number | undefined,
  retention: AuditRetention,
): number | undefined {
  const byCount = head.sequence - retention.maxRecords;
  const byAge = Math.min(newestAged ?? 0, head.sequence - retention.minRecords);
  const blocks = Math.floor((Math.max(byCount, byAge) - anchor.sequence) / BLOCK);
  return blocks > 0 ? anchor.sequence + blocks * BLOCK : undefined;
}
