import { MeshError, type NodeId, type StopList } from "@pi-controller/schema";
import { createContext } from "preact";
import { useContext, useRef } from "preact/hooks";
import { newestEvent } from "../events/newest-event.ts";
import { useMay } from "../identity/identity-context.ts";
import { useSession } from "../session/session-context.ts";
import { type Loaded, useLoaded } from "../session/use-loaded.ts";

export const StopsContext = createContext<Loaded<StopList> | null>(null);

/** Emergency stops that stand; `value` is null until they are known, and for who may not see them. */
export function useStops(): Loaded<StopList> {
  const stops = useContext(StopsContext);
  if (stops === null) throw new MeshError("INTERNAL", "A component stands outside of a user's session");
  return stops;
}

/** Asked at each so many refreshes of the page, beside at every event about stops. */
const REFRESHES_PER_LOOK = 2;
const NO_STOPS: StopList = { mesh: [], nodes: [], unconfirmed: [] };

/**
 * Asks for the stops when the page opens, when an event tells of one, and now and then. Who did not confirm a stop is
 * told in the answer to setting it alone: that is kept until all nodes may go on.
 */
export function useLoadedStops(): Loaded<StopList> {
  const { feed, refreshes } = useSession();
  const maySee = useMay()("list", "gpio-stops");
  const event = newestEvent(feed.value, ({ type }) => type.startsWith("gpio.stop."));
  const round = Math.floor(refreshes.value / REFRESHES_PER_LOOK);
  const unconfirmed = useRef<readonly NodeId[]>([]);
  const loaded = useLoaded(
    async (client, call) => (maySee ? client.gpio.stops(call) : NO_STOPS),
    [event, round, maySee],
  );
  const list = loaded.value;
  if (list === null) return loaded;
  if (list.mesh.length === 0) unconfirmed.current = [];
  else if (list.unconfirmed.length > 0) unconfirmed.current = list.unconfirmed;
  return { ...loaded, value: { ...list, unconfirmed: [...unconfirmed.current] } };
}
