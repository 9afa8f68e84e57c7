import { MeshError, type NodeView } from "@pi-controller/schema";
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

const silences: readonly string[] = ["UNAVAILABLE", "DEADLINE_EXCEEDED"];

/**
 * Waits for the act by which the node that answers is cut off. It may fall silent before it has answered, and then
 * nobody here knows whether it is done.
 *
 * @throws MeshError as the act does; of a silence it says where to look
 */
export async function actOnOneself(nodeName: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof MeshError) || !silences.includes(error.code)) throw error;
    const where = `${nodeName} fell silent while it did this. Look at another node whether it is still in the mesh.`;
    throw new MeshError(error.code, `${error.message}. ${where}`, error.details, { cause: error });
  }
}
