import type { GpioChange } from "@pi-controller/schema";

/**
 * Counts what is missing between changes of a square wave, by the kernel's times of those that came: two that follow
 * each other are half a period apart.
 *
 * @param halfPeriodMs of the wave at each pin
 * @returns changes that came, and how many between the first and the last of each pin did not
 */
export function countEdges(
  changes: readonly GpioChange[],
  halfPeriodMs: number,
): { readonly received: number; readonly missing: number } {
  const timesOfPin = new Map<number, number[]>();
  for (const { gpio, cause, kernelTimestampNs } of changes) {
    if (cause !== "edge" || kernelTimestampNs === null) continue;
    const times = timesOfPin.get(gpio) ?? [];
    times.push(Number(BigInt(kernelTimestampNs) / 1_000n) / 1_000);
    timesOfPin.set(gpio, times);
  }
  let received = 0;
  let missing = 0;
  for (const times of timesOfPin.values()) {
    received += times.length;
    const [first = 0] = times;
    const last = times.at(-1) ?? first;
    // By the whole time, so that one edge that the simulation made late counts for nothing.
    missing += Math.max(0, Math.round((last - first) / halfPeriodMs) + 1 - times.length);
  }
  return { received, missing };
}
