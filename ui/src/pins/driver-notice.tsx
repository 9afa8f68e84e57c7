import type { NodeGpio } from "@pi-controller/schema";
import { Ago } from "../components/ago.tsx";
import { Icon } from "../components/icon.tsx";
import type { LiveLevels } from "./live-levels.ts";
import type { NodePins } from "./use-node-pins.ts";

const driverTexts: Readonly<Record<NodeGpio["driver"], string>> = {
  gpiod: "through the Linux GPIO character device",
  pigpio: "through pigpio",
  simulated: "simulated: nothing is wired to it",
  none: "no GPIO",
};

/** Whether the owner of the pins answers, what drives them, and how live what is shown is. */
export function DriverNotice({ node, pins }: { readonly node: NodeGpio; readonly pins: NodePins }) {
  const { live } = pins;
  return (
    <div class="stack pins-notices">
      {node.status === "unknown" && (
        <p class="notice" role="status">
          <Icon name="unknown" /> <b>{node.nodeName} does not answer.</b> What follows is what it told last,{" "}
          <Ago timestamp={node.asOf} />; what is at its pins now is unknown. Leases end there without us.
        </p>
      )}
      {node.problem !== null && (
        <p class="warning">
          <b>{node.nodeName} cannot use GPIO.</b> {node.problem}
        </p>
      )}
      {live.interrupted !== null && node.status === "current" && (
        <p class="warning" role="status">
          <b>The changes of {node.nodeName} are interrupted:</b> {live.interrupted}. Levels are unknown until
          it answers again.
        </p>
      )}
      <p class="muted pins-status">
        <LiveBadge live={live} />
        <span>Driver: {driverTexts[node.driver]}.</span>
        {live.coalesced > 0 && (
          <span>
            {live.coalesced} changes were left out, as they came faster than they could be told; levels are
            those of the last ones.
          </span>
        )}
      </p>
    </div>
  );
}

function LiveBadge({ live }: { readonly live: LiveLevels }) {
  if (live.link === "closed" && live.problem !== null) {
    return <span class="badge badge-dead">not live: {live.problem}</span>;
  }
  if (live.link !== "live") return <span class="badge badge-unknown">not live; connecting</span>;
  if (live.interrupted !== null) return <span class="badge badge-suspect">interrupted</span>;
  return <span class="badge badge-alive">live</span>;
}
