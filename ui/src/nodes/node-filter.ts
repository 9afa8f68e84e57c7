import { type MembershipState, membershipStateSchema, type NodeView } from "@pi-controller/schema";

/** What of the nodes is shown: all that match `search`, in one of `states`; no state chosen means all. */
export interface NodeFilter {
  readonly search: string;
  readonly state: MembershipState | null;
}

/**
 * Does the node match? Every word of the search must be found somewhere in its name, id, addresses, model or
 * labels (as `key=value`), whatever the case.
 */
export function matchesFilter(node: NodeView, filter: NodeFilter): boolean {
  if (filter.state !== null && node.membership.state !== filter.state) return false;
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  const text = [node.name, node.id, node.address ?? "", node.board?.model ?? "", ...node.addresses, ...labels]
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** How many nodes are in each state. */
export function countStates(nodes: readonly NodeView[]): Readonly<Record<MembershipState, number>> {
  const counts = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 };
  for (const node of nodes) counts[node.membership.state] += 1;
  return counts;
}

/** Reads a state out of an address bar; null when it is none. */
export function parseState(text: string | null): MembershipState | null {
  const parsed = membershipStateSchema.safeParse(text);
  return parsed.success ? parsed.data : null;
}
