import type { MetricsSample } from "@pi-controller/schema";

/** Bytes a second over all interfaces but loopback. */
export interface NetworkRate {
  readonly received: number;
  readonly sent: number;
}

/**
 * The network rate between two samples of one node.
 *
 * Counters count from the moment an interface came up. Where one went back (a reboot, an interface that was
 * down), nobody knows how much passed in between, so the rate is null rather than a guess; so it is when
 * time did not move forward. An interface that is in only one of the samples is left out.
 */
export function networkRate(previous: MetricsSample, current: MetricsSample): NetworkRate | null {
  const seconds = (Date.parse(current.time) - Date.parse(previous.time)) / 1000;
  if (!(seconds > 0) || current.uptimeSeconds < previous.uptimeSeconds) return null;
  const before = new Map(previous.network.map((counters) => [counters.name, counters]));
  let received = 0;
  let sent = 0;
  let compared = 0;
  for (const counters of current.network) {
    const earlier = before.get(counters.name);
    if (earlier === undefined || counters.name === "lo") continue;
    if (counters.receivedBytes < earlier.receivedBytes || counters.sentBytes < earlier.sentBytes) return null;
    received += counters.receivedBytes - earlier.receivedBytes;
    sent += counters.sentBytes - earlier.sentBytes;
    compared += 1;
  }
  return compared === 0 ? null : { received: received / seconds, sent: sent / seconds };
}
