import type { NodeView } from "@pi-controller/schema";
import { formatAgo } from "./duration.ts";

type RemoteMetrics = NodeView["metrics"];
type Sample = NonNullable<RemoteMetrics["value"]>;

/** How one measured value is shown: what stands for now, and beside it what was heard last. */
export interface ShownValue {
  /** `current`: it stands for now. `unknown`: it may once have been known. `unmeasured`: that node cannot measure it. */
  readonly status: "current" | "unknown" | "unmeasured";
  readonly text: string;
  /** `last 48.3 °C, 12 s ago`; null when the value is current or nothing was ever heard. */
  readonly last: string | null;
}

/**
 * What to show of one value out of another node's metrics. A value that is not current is never shown as
 * if it were: it is `unknown`, with the last one heard and its age beside it.
 *
 * @param select takes the value out of a sample; null when that node cannot measure it
 * @param ageMs how long ago the sample was heard, by now
 */
export function showRemote<Value>(
  metrics: RemoteMetrics,
  select: (sample: Sample) => Value | null,
  format: (value: Value) => string,
  ageMs: number | null,
): ShownValue {
  if (metrics.status === "current" && metrics.value !== null) {
    const value = select(metrics.value);
    return value === null
      ? { status: "unmeasured", text: "not measured", last: null }
      : { status: "current", text: format(value), last: null };
  }
  const lastValue = metrics.lastValue === null ? null : select(metrics.lastValue);
  const last = lastValue === null ? null : `last ${format(lastValue)}, ${formatAgo(ageMs)}`;
  return { status: "unknown", text: "unknown", last };
}
