import type { Clock } from "@pi-controller/runtime";
import { type ErrorCode, MeshError } from "@pi-controller/schema";

/**
 * Waits for something that may never end, as a call of a driver whose hardware hangs.
 *
 * @throws what `work` rejects with, or MeshError of the code, else UNAVAILABLE, after `timeoutMs`
 */
export async function within<T>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  work: Promise<T>,
  code: ErrorCode = "UNAVAILABLE",
): Promise<T> {
  const timedOut = Promise.withResolvers<never>();
  const timer = clock.setTimer(
    () => timedOut.reject(new MeshError(code, `${what} did not end within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, timedOut.promise]);
  } finally {
    timer.cancel();
    // The one that lost may still fail, with nobody there to hear of it.
    work.catch(() => undefined);
    timedOut.promise.catch(() => undefined);
  }
}
