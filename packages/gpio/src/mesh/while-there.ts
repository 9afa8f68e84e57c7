import { MeshError, type NodeId } from "@pi-controller/schema";
import type { GpioNodes } from "./ports.ts";

/** Whether a node is believed to be away: nobody waits for it. */
export function isGone(nodes: Pick<GpioNodes, "stateOf">, node: NodeId): boolean {
  const state = nodes.stateOf(node);
  return state === "dead" || state === "left";
}

/**
 * Asks another node for as long as it is believed to be there. Where the cable is cut nothing tells that no answer will
 * come, but membership finds out within seconds: whoever waits need not wait for all of his time.
 *
 * @param ask aborts when its signal does
 * @param signal of whoever waits
 * @throws MeshError UNAVAILABLE when the node went away meanwhile: it may have done what it was asked; else what `ask` throws
 */
export async function whileThere<T>(
  nodes: Pick<GpioNodes, "nameOf" | "observe" | "stateOf">,
  node: NodeId,
  ask: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const gone = new AbortController();
  const unsubscribe = nodes.observe((changed) => {
    if (changed === node && isGone(nodes, node)) gone.abort();
  });
  if (isGone(nodes, node)) gone.abort();
  try {
    return await ask(signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    if (!gone.signal.aborted || signal?.aborted === true) throw error;
    throw new MeshError(
      "UNAVAILABLE",
      `${nodes.nameOf(node)} went out of reach (${nodes.stateOf(node)}) before it answered: it may have been done`,
    );
  } finally {
    unsubscribe();
  }
}
