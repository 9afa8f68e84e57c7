import type { Clock } from "@pi-controller/runtime";
import {
  type GpioBatch,
  type GpioBatchResult,
  MeshError,
  type NodeId,
  type ReservationId,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import type { PinWrite, WriteResult } from "../owner/pin-owner.ts";
import { within } from "../owner/within.ts";
import { withTimeout } from "./narrowed-asking.ts";
import type { NodeRouter } from "./node-router.ts";

/** What one node takes of the time: whoever asks still hears what became of the other nodes' pins. */
const TIME_FRACTION = 0.9;

/**
 * Writes to pins of many nodes: those of one node in one request, all nodes at the same time.
 *
 * @returns one result each, in the order of the writes; never rejects for what one node or write ended with
 */
export async function writeBatch(
  router: NodeRouter,
  { writes }: GpioBatch,
  asking: Asking,
  { clock }: { readonly clock: Clock },
): Promise<GpioBatchResult> {
  const results: (WriteResult | undefined)[] = writes.map(() => undefined);
  const groups = new Map<NodeId, { readonly index: number; readonly write: PinWrite }[]>();
  for (const [index, write] of writes.entries()) {
    try {
      const owner = router.ownerOf(write.id);
      groups.set(owner, [...(groups.get(owner) ?? []), { index, write }]);
    } catch (error) {
      results[index] = failed(write.id, error);
    }
  }
  const run = async (
    node: NodeId,
    group: readonly { readonly index: number; readonly write: PinWrite }[],
  ) => {
    const made = await attempt(
      router,
      node,
      group.map(({ write }) => write),
      withTimeout(asking, asking.timeoutMs * TIME_FRACTION),
      clock,
    );
    for (const [place, { index }] of group.entries()) results[index] = made[place];
  };
  await Promise.all([...groups].map(([node, group]) => run(node, group)));
  return { results: writes.map(({ id }, index) => shown(id, results[index])) };
}

async function attempt(
  router: NodeRouter,
  node: NodeId,
  writes: readonly PinWrite[],
  asking: Asking,
  clock: Clock,
): Promise<readonly WriteResult[]> {
  try {
    const writing = router.pinsOf(node).write(writes, asking);
    const { timeoutMs } = asking;
    return await within(
      clock,
      timeoutMs,
      "What was asked may be done later: it",
      writing,
      "DEADLINE_EXCEEDED",
    );
  } catch (error) {
    return writes.map(({ id }) => failed(id, error));
  }
}

/** @throws what is no error of ours */
function failed(id: ReservationId, error: unknown): WriteResult {
  if (!(error instanceof MeshError)) throw error;
  return { id, error: { code: error.code, detail: error.message } };
}

function shown(id: ReservationId, result: WriteResult | undefined): GpioBatchResult["results"][number] {
  if (result === undefined) throw new MeshError("INTERNAL", "A write has no result");
  return "error" in result
    ? { id, ok: false, observed: null, error: result.error }
    : { id, ok: true, observed: result.observed, error: null };
}
