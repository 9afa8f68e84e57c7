import type { Unsubscribe } from "@pi-controller/runtime";
import type { GpioChange } from "@pi-controller/schema";

/** One part of a feed. */
export interface ChangeBatch {
  /** Asks for what came after this batch. */
  readonly cursor: string;
  readonly changes: readonly GpioChange[];
  /** How many older ones were left out: they were overwritten before they were read, or the kernel lost them. */
  readonly coalesced: number;
}

/**
 * The last changes at this node's pins, in a ring of bounded size: each reader has a cursor of his own and reads at
 * his own pace; one that is too slow is told how many he missed, and gets the last change of each pin among them.
 */
export interface ChangeFeed {
  /** Where a new reader begins: now. */
  cursor(): string;
  /** At most `limit`; at once, empty or not. A cursor of another life of this peer begins anew (coalesced 0). */
  read(cursor: string, limit: number): ChangeBatch;
  /** Calls back, at most once until the next `read`, when there is something new. */
  observe(listener: () => void): Unsubscribe;
}
