import type { GpioView, NodeGpio, NodeId } from "@pi-controller/schema";
import { newestEvent } from "../events/newest-event.ts";
import { useSession } from "../session/session-context.ts";
import { type Loaded, useLoaded } from "../session/use-loaded.ts";
import type { LiveLevels } from "./live-levels.ts";
import { useLiveLevels } from "./use-live-levels.ts";

/** Reservations of a node, and this page's monotonic time when they were told. */
export interface HeardViews {
  readonly items: readonly GpioView[];
  readonly heardAt: number;
}

/** What this page knows of the pins of one node. */
export interface NodePins {
  readonly described: Loaded<NodeGpio>;
  readonly views: Loaded<HeardViews>;
  readonly live: LiveLevels;
  /** Whether what the stream tells stands for now. */
  readonly interrupted: boolean;
  readonly reload: () => void;
}

/** Leases are asked for again at each so many refreshes of the page, beside at every event about pins. */
const REFRESHES_PER_LOOK = 3;
const MOST_VIEWS = 500;

/** Asks for the header and the reservations of a node, and follows what happens at its pins. */
export function useNodePins(node: NodeId): NodePins {
  const session = useSession();
  const live = useLiveLevels(node);
  const event = newestEvent(
    session.feed.value,
    (one) => one.node === node && (one.type.startsWith("gpio.") || one.type.startsWith("cluster.node.")),
  );
  const round = Math.floor(session.refreshes.value / REFRESHES_PER_LOOK);
  const dependencies = [node, event, round, live.gaps, live.interrupted];
  const described = useLoaded((client, call) => client.gpio.node(node, call), dependencies);
  const views = useLoaded<HeardViews>(async (client, call) => {
    const { items } = await client.gpio.list({ node, limit: MOST_VIEWS }, call);
    return { items, heardAt: session.monotonic() };
  }, dependencies);
  return {
    described,
    views,
    live,
    interrupted: live.interrupted !== null || described.value?.status === "unknown" || session.lost.value,
    reload: () => {
      described.reload();
      views.reload();
    },
  };
}
