import type { MetricsSample, NodeView } from "@pi-controller/schema";
import { useMemo, useState } from "preact/hooks";
import { RemoteValue } from "../components/remote-value.tsx";
import { peerTime } from "../connection/peer-clock.ts";
import { formatDuration } from "../format/duration.ts";
import { formatByteRate, formatBytes, formatCelsius, formatPercent } from "../format/quantity.ts";
import { ThrottlingFlags, throttlingFlags } from "../node/throttling-flags.tsx";
import { useSession } from "../session/session-context.ts";
import { Chart } from "./chart.tsx";
import type { ChartShape } from "./chart-options.ts";
import { metricsSeries } from "./series.ts";
import { useMetricsHistory } from "./use-metrics-history.ts";

const percentShape: ChartShape = {
  format: (percent) => `${percent.toFixed(0)} %`,
  formatAxis: (percent) => `${percent} %`,
  atLeast: [0, 100],
};
const temperatureShape: ChartShape = {
  format: formatCelsius,
  formatAxis: (celsius) => `${celsius} °C`,
  // Below, a Pi is cold; above 85 °C the firmware slows it down.
  atLeast: [20, 85],
};
const networkShape: ChartShape = {
  format: formatByteRate,
  formatAxis: formatBytes,
  atLeast: [0, 1024],
  // Powers of two from 256 B to 4 GiB, so that marks stand at whole binary units.
  steps: Array.from({ length: 25 }, (_, power) => 2 ** (power + 8)),
};

const spans = [
  { minutes: 5, label: "5 min" },
  { minutes: 15, label: "15 min" },
  { minutes: 60, label: "1 h" },
] as const;

/** What a node measures: now, and as charts up to now. */
export function MetricsPanel({ node }: { readonly node: NodeView }) {
  const session = useSession();
  const history = useMetricsHistory(node.id);
  const [minutes, setMinutes] = useState<number>(spans[0].minutes);
  const { nodeClock, samples } = history;
  const lastTime = timeOf(samples.at(-1)) ?? session.wallClock();
  // The charts go on to the right while nothing comes, so that silence is seen.
  const to = nodeClock === null ? lastTime : Math.max(peerTime(nodeClock, session.now.value), lastTime);
  const from = to - minutes * 60_000;
  const series = useMemo(
    () => metricsSeries(samples.filter((sample) => (timeOf(sample) ?? 0) >= from)),
    [samples, from],
  );
  const shared = {
    times: series.times,
    live: node.metrics.status === "current" && !session.lost.value,
    window: [from / 1000, to / 1000] as const,
  };
  return (
    <section class="panel" aria-label="Measurements">
      <div class="panel-title">
        <h2>Measurements</h2>
        <label>
          Show{" "}
          <select value={String(minutes)} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
            {spans.map((span) => (
              <option key={span.label} value={String(span.minutes)}>
                {span.label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <CurrentValues node={node} />
      {history.problem !== null && <p class="problem">The history cannot be read: {history.problem}</p>}
      {history.loaded && samples.length === 0 ? (
        <p class="muted">No measurement of this node has reached this peer yet.</p>
      ) : (
        <div class="charts">
          <Chart
            title="CPU"
            shape={percentShape}
            lines={[{ label: "CPU", values: series.cpu }]}
            {...shared}
          />
          <Chart
            title="Temperature"
            shape={temperatureShape}
            lines={[{ label: "Temperature", values: series.temperature }]}
            {...shared}
          />
          <Chart
            title="Memory"
            shape={percentShape}
            lines={[{ label: "Memory", values: series.memory }]}
            {...shared}
          />
          <Chart
            title="Network, bytes a second"
            shape={networkShape}
            lines={[
              { label: "in", values: series.received },
              { label: "out", values: series.sent },
            ]}
            {...shared}
          />
        </div>
      )}
    </section>
  );
}

function timeOf(sample: MetricsSample | undefined): number | undefined {
  return sample === undefined ? undefined : Date.parse(sample.time);
}

function CurrentValues({ node }: { readonly node: NodeView }) {
  const value = <Value,>(
    select: (sample: MetricsSample) => Value | null,
    format: (value: Value) => string,
  ) => <RemoteValue node={node} select={select} format={format} />;
  const ofTotal = ([used, total]: readonly [number, number]) =>
    `${formatBytes(used)} of ${formatBytes(total)}`;
  return (
    <dl class="tiles">
      <Tile name="CPU">{value((sample) => sample.cpuUsage, formatPercent)}</Tile>
      <Tile name="Load, 1 5 15 min">
        {value(
          (sample) => sample.load,
          (load) => load.map((part) => part.toFixed(2)).join("  "),
        )}
      </Tile>
      <Tile name="Temperature">{value((sample) => sample.temperatureCelsius, formatCelsius)}</Tile>
      <Tile name="Memory">
        {value((sample) => [sample.memoryUsedBytes, sample.memoryTotalBytes] as const, ofTotal)}
      </Tile>
      <Tile name="Disk">
        {value(
          ({ diskUsedBytes: used, diskTotalBytes: total }) =>
            used === null || total === null ? null : ([used, total] as const),
          ofTotal,
        )}
      </Tile>
      <Tile name="Running for">
        {value(
          (sample) => sample.uptimeSeconds * 1000,
          (uptimeMs) => formatDuration(uptimeMs),
        )}
      </Tile>
      <Tile name="Peer’s memory">{value((sample) => sample.processMemoryBytes, formatBytes)}</Tile>
      <Tile name="Power and heat">
        <PowerState node={node} />
      </Tile>
    </dl>
  );
}

function PowerState({ node }: { readonly node: NodeView }) {
  const throttling = node.metrics.value?.throttling ?? null;
  if (node.metrics.status === "current" && throttling !== null && throttlingFlags(throttling).length > 0) {
    return <ThrottlingFlags throttling={throttling} />;
  }
  return (
    <RemoteValue
      node={node}
      select={(sample) => sample.throttling}
      format={(flags) =>
        throttlingFlags(flags)
          .map(({ text }) => text)
          .join(", ") || "good"
      }
    />
  );
}

function Tile({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
