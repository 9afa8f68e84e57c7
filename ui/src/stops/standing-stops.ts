import type { EmergencyStop, NodeId, StopList } from "@pi-controller/schema";

/** An emergency stop that stands, with whose outputs are off. */
export interface StandingStop extends EmergencyStop {
  /** Null: all nodes. */
  readonly node: NodeId | null;
  readonly nodeName: string | null;
}

/** All that stand, those of the whole mesh first, then the oldest first. */
export function standingStops({ mesh, nodes }: StopList): readonly StandingStop[] {
  const ofMesh = mesh.map((stop) => ({ ...stop, node: null, nodeName: null }));
  const ofNodes = nodes.flatMap(({ node, nodeName, stops }) =>
    stops.map((stop) => ({ ...stop, node, nodeName })),
  );
  const byAge = (one: StandingStop, other: StandingStop) => Date.parse(one.since) - Date.parse(other.since);
  return [...ofMesh.sort(byAge), ...ofNodes.sort(byAge)];
}

/** Whether a stop keeps the outputs of a node off. */
export function isStopped({ mesh, nodes }: StopList, node: NodeId): boolean {
  return mesh.length > 0 || nodes.some((one) => one.node === node && one.stops.length > 0);
}

/** Who or what stopped it, as `ann` or `low voltage`. */
export function stopCause({ cause, by }: Pick<EmergencyStop, "cause" | "by">): string {
  if (cause === "user") return by;
  return cause === "under-voltage" ? "low voltage" : "heat";
}

/** What a screen reader is told when stops begin or end. */
export function stopAnnouncement(stops: readonly StandingStop[]): string {
  if (stops.length === 0) return "";
  const texts = stops.map(
    (stop) =>
      `Emergency stop of ${stop.nodeName ?? "all nodes"} by ${stopCause(stop)}` +
      (stop.reason === "" ? "." : `: ${stop.reason}.`),
  );
  return texts.join(" ");
}
