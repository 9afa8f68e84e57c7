import { eventTypes, type MeshEvent } from "@pi-controller/schema";

/** Which events are shown. Empty means all. */
export interface EventFilter {
  /** A type, or `cluster.node.*` for all that start so. */
  readonly type: string;
  /** Id of the node that they are about. */
  readonly node: string;
  /** Of the request that they came of. */
  readonly correlation: string;
}

/** Does the event match? The same rule as the API's, so that live events and the log agree. */
export function matchesEvent(event: MeshEvent, filter: EventFilter): boolean {
  if (filter.node !== "" && event.node !== filter.node) return false;
  if (filter.correlation !== "" && event.correlationId !== filter.correlation) return false;
  if (filter.type === "") return true;
  return filter.type.endsWith(".*")
    ? event.type.startsWith(filter.type.slice(0, -1))
    : event.type === filter.type;
}

/** What there is to choose from: each area as a whole, then its types. */
export function eventTypeChoices(): readonly string[] {
  const types = Object.keys(eventTypes);
  const areas = [...new Set(types.map((type) => `${type.split(".").slice(0, -1).join(".")}.*`))];
  return areas.flatMap((area) => [area, ...types.filter((type) => type.startsWith(area.slice(0, -1)))]);
}

/** Does the event tell that the list of nodes is out of date? */
export function changesNodes(event: MeshEvent): boolean {
  return ["cluster.node.", "security.node.", "mesh.partition."].some((area) => event.type.startsWith(area));
}
