import { type Clock, sleep } from "@pi-controller/runtime";
import type { GpioChange } from "@pi-controller/schema";
import type { ChangeBatch, ChangeFeed } from "../owner/changes.ts";
import type { ChangePoll } from "./changes-call.ts";

/**
 * Reads a feed, and waits until there is something in it. What `wanted` leaves out is neither told nor counted; what
 * was overwritten is counted for all pins, since nobody knows any more whose it was.
 *
 * @param signal ends the waiting; its reason is thrown
 * @returns empty when nothing came in time
 */
export async function pollFeed(
  feed: ChangeFeed,
  { cursor: from, limit, waitMs, gatherMs }: ChangePoll,
  wanted: (change: GpioChange) => boolean,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ChangeBatch> {
  let cursor = from ?? feed.cursor();
  const untilMs = clock.monotonic() + waitMs;
  if (gatherMs > 0) await sleep(clock, gatherMs, signal);
  for (;;) {
    signal.throwIfAborted();
    const batch = feed.read(cursor, limit);
    cursor = batch.cursor;
    const changes = batch.changes.filter(wanted);
    if (changes.length > 0 || batch.coalesced > 0) return { cursor, changes, coalesced: batch.coalesced };
    if (batch.changes.length > 0) continue;
    const leftMs = untilMs - clock.monotonic();
    if (leftMs <= 0) return { cursor, changes: [], coalesced: 0 };
    await somethingNew(feed, leftMs, { clock, signal });
  }
}

function somethingNew(
  feed: ChangeFeed,
  timeoutMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      timer.cancel();
      unsubscribe();
      signal.removeEventListener("abort", onAbort);
    };
    const onNews = () => {
      end();
      resolve();
    };
    const onAbort = () => {
      end();
      reject(signal.reason as Error);
    };
    const timer = clock.setTimer(onNews, timeoutMs);
    const unsubscribe = feed.observe(onNews);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
