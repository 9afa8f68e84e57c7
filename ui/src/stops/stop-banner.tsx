import type { NodeView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { formatAgo } from "../format/duration.ts";
import { formatMoment } from "../format/moment.ts";
import { useMay } from "../identity/identity-context.ts";
import { useAge, useNameOf, useSession } from "../session/session-context.ts";
import { ClearStopDialog } from "./clear-stop-dialog.tsx";
import { type StandingStop, standingStops, stopCause } from "./standing-stops.ts";
import { useStops } from "./stops-context.ts";

/** On every page while any emergency stop stands: whose outputs are off, by whom, since when and why. */
export function StopBanner() {
  const { lost, nodes } = useSession();
  const nameOf = useNameOf();
  const mayClear = useMay()("delete", "gpio-stops");
  const list = useStops().value;
  const [clearing, setClearing] = useState<StandingStop | null>(null);
  const stops = list === null ? [] : standingStops(list);
  const away = list === null || list.mesh.length === 0 ? [] : awayNames(nodes.value?.value ?? []);
  const unconfirmed = (list?.unconfirmed ?? []).map(nameOf).filter((name) => !away.includes(name));
  if (stops.length === 0 && clearing === null) return null;
  // Those of one place are cleared together.
  const isFirst = ({ node }: StandingStop, index: number) =>
    stops.findIndex((other) => other.node === node) === index;
  return (
    <section class="banner banner-stop" aria-label="Emergency stop">
      <Icon name="stop" />
      <div>
        {stops.map((stop, index) => (
          <div key={stop.id} class="stop-line">
            <StopText stop={stop} />
            {mayClear && isFirst(stop, index) && (
              <button type="button" disabled={lost.value} onClick={() => setClearing(stop)}>
                Clear {stop.nodeName === null ? "for all nodes" : `for ${stop.nodeName}`}
              </button>
            )}
          </div>
        ))}
        {unconfirmed.length > 0 && (
          <p>
            <strong>When it was set, {unconfirmed.toSorted().join(", ")} did not confirm it.</strong> Outputs
            there may still be on.
          </p>
        )}
        {away.length > 0 && (
          <p>
            <strong>Out of reach: {away.join(", ")}.</strong> What their outputs do is not known here; they
            stop as soon as they hear of it.
          </p>
        )}
        {lost.value && <p>This was the last word of the peer; it does not answer now.</p>}
      </div>
      {clearing !== null && <ClearStopDialog stop={clearing} onClose={() => setClearing(null)} />}
    </section>
  );
}

/** Peers that cannot have heard of a stop that was set by now. */
function awayNames(nodes: readonly NodeView[]): readonly string[] {
  return nodes
    .filter(({ kind, membership }) => kind === "peer" && membership.state !== "alive")
    .map(({ name }) => name)
    .sort();
}

function StopText({ stop }: { readonly stop: StandingStop }) {
  const ageMs = useAge(stop.since);
  return (
    <p>
      <strong>Emergency stop of {stop.nodeName ?? "all nodes"}</strong> by {stopCause(stop)}
      {", "}
      <time dateTime={stop.since} title={formatMoment(stop.since)}>
        {ageMs === null ? formatMoment(stop.since) : formatAgo(ageMs)}
      </time>
      {stop.reason === "" ? "" : `: ${stop.reason}`}. Outputs are in their safe state and cannot be driven.
    </p>
  );
}
