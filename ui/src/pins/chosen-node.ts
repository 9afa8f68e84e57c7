import type { NodeId, NodeView } from "@pi-controller/schema";

/** Nodes that may have pins, by name: where no peer runs there is nobody to ask. */
export function nodesWithPins(nodes: readonly NodeView[]): readonly NodeView[] {
  return nodes
    .filter(({ kind }) => kind === "peer")
    .toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** The node that the address bar names; without one, that of the peer that answers, or else the first. */
export function chosenNode(named: string | null, nodes: readonly NodeView[]): NodeId | null {
  if (named !== null && named !== "") return named;
  const candidates = nodesWithPins(nodes);
  return (candidates.find(({ self }) => self) ?? candidates[0])?.id ?? null;
}
