import { labelsSchema, MeshError, type NodePage, type NodeQuery, type NodeView } from "@pi-controller/schema";
import * as z from "zod";

type SortKey = string | number | null;

const sortKeys: Readonly<Record<string, (node: NodeView) => SortKey>> = {
  name: (node) => node.name,
  state: (node) => node.membership.state,
  createdAt: (node) => node.createdAt,
  lastSeen: (node) => node.lastSeen,
  temperature: (node) => node.metrics.value?.temperatureCelsius ?? null,
  cpu: (node) => node.metrics.value?.cpuUsage ?? null,
  memory: (node) => {
    const sample = node.metrics.value;
    return sample === null || sample.memoryTotalBytes === 0
      ? null
      : sample.memoryUsedBytes / sample.memoryTotalBytes;
  },
};

/**
 * One page of the nodes that match.
 *
 * @throws MeshError INVALID_ARGUMENT when the cursor or the label selector cannot be read
 */
export function listNodes(nodes: readonly NodeView[], query: NodeQuery): NodePage {
  const matches = labelMatcher(query.label);
  const found = nodes.filter(
    (node) =>
      (query.state === undefined || query.state.includes(node.membership.state)) &&
      (query.kind === undefined || node.kind === query.kind) &&
      (query.name === undefined || node.name.includes(query.name)) &&
      matches(node),
  );
  const { keyOf, compare } = ordering(query.sort);
  const ordered = found.map((node) => ({ node, position: [keyOf(node), node.id] as const }));
  ordered.sort((a, b) => compare(a.position, b.position));
  const after = parseCursor(query.cursor);
  const rest = after === undefined ? ordered : ordered.filter(({ position }) => compare(position, after) > 0);
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(({ node }) => node),
    total: found.length,
    nextCursor: rest.length > page.length && last !== undefined ? formatCursor(last.position) : null,
  };
}

/** Where a node stands in the order: its sort key, then its id, so that no two stand at one place. */
type Position = readonly [key: SortKey, id: string];

function ordering(sort: string) {
  const descending = sort.startsWith("-");
  const keyOf = sortKeys[descending ? sort.slice(1) : sort] ?? ((node: NodeView) => node.name);
  const compare = ([leftKey, leftId]: Position, [rightKey, rightId]: Position): number => {
    // What is not known comes last, in either direction.
    if (leftKey === null || rightKey === null) {
      return leftKey === rightKey ? compareKeys(leftId, rightId) : leftKey === null ? 1 : -1;
    }
    const order = compareKeys(leftKey, rightKey);
    return order === 0 ? compareKeys(leftId, rightId) : descending ? -order : order;
  };
  return { keyOf, compare };
}

function compareKeys(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function labelMatcher(selector: string | undefined): (node: NodeView) => boolean {
  if (selector === undefined) return () => true;
  const terms = selector.split(",").map((term) => {
    const [key = "", ...rest] = term.split("=");
    // Also what Kubernetes would take, as key!=value, but is not built: it would find nothing, and not say why.
    if (rest.length > 1 || !labelsSchema.safeParse({ [key]: rest[0] ?? "" }).success)
      throw invalid("label", "expected key=value or key, separated by commas");
    return { key, value: rest[0] };
  });
  return (node) =>
    terms.every(
      ({ key, value }) =>
        Object.hasOwn(node.labels, key) && (value === undefined || node.labels[key] === value),
    );
}

const positionSchema = z.tuple([z.union([z.string(), z.number(), z.null()]), z.string()]);

/** A cursor names the last node of a page, not a count: nodes that come and go do not shift the next page. */
function formatCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function parseCursor(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw invalid("cursor", "expected the nextCursor of an earlier answer");
  }
}

function invalid(field: string, message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid query: ${field}: ${message}`, {
    fields: [{ field, message }],
  });
}
