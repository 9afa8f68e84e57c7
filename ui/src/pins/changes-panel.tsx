import type { GpioChange } from "@pi-controller/schema";
import { formatMoment } from "../format/moment.ts";
import { formatPercent } from "../format/quantity.ts";
import { formatKernelGap, formatKernelTime } from "./kernel-time.ts";
import type { LiveLevels } from "./live-levels.ts";

const causes: Readonly<Record<GpioChange["cause"], string>> = {
  edge: "edge",
  write: "written",
  safe: "made safe",
};

/** What has happened at the pins since the page was opened, newest first, as the owner's kernel stamped it. */
export function ChangesPanel({ live }: { readonly live: LiveLevels }) {
  return (
    <section class="panel" aria-label="Changes at the pins">
      <h2>Changes</h2>
      {live.recent.length === 0 ? (
        <p class="muted">
          None since this page was opened. Edges are told of inputs that were reserved with them.
        </p>
      ) : (
        <ol class="changes" tabIndex={0} aria-label="Changes, newest first">
          {live.recent.map((change, index) => (
            <Change
              key={`${change.timestamp} ${change.kernelTimestampNs} ${change.gpio} ${live.recent.length - index}`}
              change={change}
              before={live.recent.slice(index + 1).find(isEdgeOf(change.gpio))}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

function isEdgeOf(gpio: number) {
  return (change: GpioChange) => change.gpio === gpio && change.kernelTimestampNs !== null;
}

function Change({
  change,
  before,
}: {
  readonly change: GpioChange;
  readonly before: GpioChange | undefined;
}) {
  const { gpio, name, level, dutyCycle, cause, kernelTimestampNs, timestamp } = change;
  const value = dutyCycle === null ? (level ?? "let go") : formatPercent(dutyCycle);
  const beforeNs = before?.kernelTimestampNs ?? null;
  const gap =
    kernelTimestampNs === null || beforeNs === null ? null : formatKernelGap(beforeNs, kernelTimestampNs);
  return (
    <li>
      <b>GPIO{gpio}</b> {name !== null && <span class="muted">{name}</span>} <span>{value}</span>{" "}
      <span class="tag">{causes[cause]}</span>{" "}
      <small>
        {kernelTimestampNs === null ? (
          <time dateTime={timestamp}>{formatMoment(timestamp)}</time>
        ) : (
          <span title="The kernel's clock of that node, since its start">
            {formatKernelTime(kernelTimestampNs)}
          </span>
        )}
        {gap !== null && ` (+${gap})`}
      </small>
    </li>
  );
}
