import type { NodeView } from "@pi-controller/schema";
import type { Farewell } from "../identity/phase.ts";
import { otherPeers } from "./other-peers.ts";

/**
 * What to say when this page's node is in the mesh no more, with the ways to go on elsewhere.
 *
 * @param nodes what was known last
 */
export function farewellOf(kind: Farewell["kind"], nodeName: string, nodes: readonly NodeView[]): Farewell {
  const start = new URL("/", window.location.href);
  return { kind, nodeName, others: otherPeers(nodes, start).map(({ name, url }) => ({ name, url })) };
}
