import type { MetricsSample, NodeView } from "@pi-controller/schema";
import { showRemote } from "../format/remote.ts";
import { useMetricsAge } from "../session/session-context.ts";
import { Meter } from "./meter.tsx";

interface Properties<Value> {
  readonly node: NodeView;
  readonly select: (sample: MetricsSample) => Value | null;
  readonly format: (value: Value) => string;
  /** Draws the value as a bar: which part of the whole it is, 0 to 1. */
  readonly ratio?: (value: Value) => number;
}

/** A value measured on another node, or that it is unknown, with the last one beside it. */
export function RemoteValue<Value>({ node, select, format, ratio }: Properties<Value>) {
  const ageMs = useMetricsAge(node);
  const shown = showRemote(node.metrics, select, format, ageMs);
  if (shown.status === "current") {
    const value = node.metrics.value === null ? null : select(node.metrics.value);
    return (
      <span class="value">
        {shown.text}
        {ratio !== undefined && value !== null && <Meter ratio={ratio(value)} />}
      </span>
    );
  }
  return (
    <span class={`value value-${shown.status}`}>
      {shown.text}
      {shown.last !== null && <small>{shown.last}</small>}
    </span>
  );
}
