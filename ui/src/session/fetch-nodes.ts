import type { Client } from "@pi-controller/client";
import type { NodeView } from "@pi-controller/schema";

const PAGE_SIZE = 500;
/** Ten times the largest mesh that is planned for: a peer that never ends its pages cannot hold us up. */
const MAX_PAGES = 20;

/**
 * All nodes, page after page. One that moved between pages while they were read is there once.
 *
 * @throws MeshError as the client does
 */
export async function fetchNodes(client: Client, timeoutMs: number): Promise<readonly NodeView[]> {
  const nodes = new Map<string, NodeView>();
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) };
    const answer = await client.nodes.list(query, { timeoutMs });
    for (const node of answer.items) nodes.set(node.id, node);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return [...nodes.values()];
}
