import type { MembershipState, NodeView } from "@pi-controller/schema";

export const nodeColumns = ["name", "state", "model", "lastSeen", "temperature", "cpu", "memory"] as const;
export type NodeColumn = (typeof nodeColumns)[number];

/** Which column the list is sorted by, and which way. */
export interface NodeOrder {
  readonly column: NodeColumn;
  readonly descending: boolean;
}

/** States in the order in which an operator wants to see them: what needs attention first. */
const stateRank: Readonly<Record<MembershipState, number>> = {
  dead: 0,
  suspect: 1,
  unknown: 2,
  left: 3,
  alive: 4,
};

/**
 * The nodes in the given order. A node of which the value is not known now comes last in either direction:
 * an old temperature says nothing about which Pi is hot. Equal ones are ordered by name.
 */
export function sortNodes(nodes: readonly NodeView[], order: NodeOrder): NodeView[] {
  const direction = order.descending ? -1 : 1;
  return [...nodes].sort((left, right) => {
    const leftKey = sortKeys[order.column](left);
    const rightKey = sortKeys[order.column](right);
    if (leftKey === null || rightKey === null) {
      return Number(leftKey === null) - Number(rightKey === null) || byName(left, right);
    }
    return direction * compareKeys(leftKey, rightKey) || byName(left, right);
  });
}

const sortKeys: Readonly<Record<NodeColumn, (node: NodeView) => string | number | null>> = {
  name: (node) => node.name,
  state: (node) => stateRank[node.membership.state],
  model: (node) => node.board?.model ?? null,
  // Ascending puts the one heard most recently first, as its age is the smallest.
  lastSeen: (node) => (node.lastSeen === null ? null : -Date.parse(node.lastSeen)),
  temperature: (node) => currentSample(node)?.temperatureCelsius ?? null,
  cpu: (node) => currentSample(node)?.cpuUsage ?? null,
  memory: (node) => {
    const sample = currentSample(node);
    return sample !== null && sample.memoryTotalBytes > 0
      ? sample.memoryUsedBytes / sample.memoryTotalBytes
      : null;
  },
};

function currentSample({ metrics }: NodeView) {
  return metrics.status === "current" ? metrics.value : null;
}

function compareKeys(left: string | number, right: string | number): number {
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  return Number(left) - Number(right);
}

function byName(left: NodeView, right: NodeView): number {
  return compareText(left.name, right.name);
}

/** Numbers inside names count as numbers: `pi-2` comes before `pi-10`. */
function compareText(left: string, right: string): number {
  return collator.compare(left, right);
}
const collator = new Intl.Collator("en", { numeric: true });

/** Reads an order written as a field name, with `-` in front for descending; null when it is not one. */
export function parseNodeOrder(text: string | null): NodeOrder | null {
  if (text === null) return null;
  const descending = text.startsWith("-");
  const column = nodeColumns.find((name) => name === (descending ? text.slice(1) : text));
  return column === undefined ? null : { column, descending };
}

/** Writes an order so that `parseNodeOrder` reads it back. */
export function formatNodeOrder(order: NodeOrder): string {
  return `${order.descending ? "-" : ""}${order.column}`;
}
