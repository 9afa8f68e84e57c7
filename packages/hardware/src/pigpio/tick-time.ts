/** How pigpiod's time lies to the machine's: at `tick` it was `ns`. */
export interface TickAnchor {
  /** Microseconds, 32 bits: starts over every 72 minutes. */
  readonly tick: number;
  /** Nanoseconds of the machine's monotonic clock. */
  readonly ns: bigint;
}

/** From one tick to another in microseconds, over the point where they start over; right within 35 minutes. */
export function ticksBetween(from: number, to: number): number {
  return (to - from) | 0;
}

/** @returns when a tick was, in ns of the machine's monotonic clock; right within 35 minutes of the anchor */
export function timeOfTick(anchor: TickAnchor, tick: number): bigint {
  return anchor.ns + BigInt(ticksBetween(anchor.tick, tick)) * 1_000n;
}
