import { decodeJson, encodeJson } from "@pi-controller/mesh";
import type { NodeId } from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import type { ChangeBatch } from "../owner/changes.ts";
import { isIdOf } from "../reservation-id.ts";
import {
  batchSchema,
  CHANGES_METHOD,
  type ChangeFilter,
  type ChangePoll,
  MAX_BATCH_BYTES,
} from "./changes-call.ts";
import { answeredWith, noAnswerOfIts } from "./remote-errors.ts";
import type { RemotePinsComponents } from "./remote-pins.ts";
import { whileThere } from "./while-there.ts";

/** What an answer may take beyond the time that it was to be waited for. */
const ANSWER_WITHIN_MS = 3_000;

/**
 * Waits for changes at the pins of another node.
 *
 * @throws MeshError UNAVAILABLE, DEADLINE_EXCEEDED, what the node refuses with, and the signal's reason
 */
export async function pollRemote(
  { network, nodes }: RemotePinsComponents,
  node: NodeId,
  filter: ChangeFilter,
  poll: ChangePoll,
  asking: Pick<Asking, "evidence">,
  signal: AbortSignal,
): Promise<ChangeBatch> {
  const { cursor, limit, waitMs, gatherMs } = poll;
  const evidence = await asking.evidence(node);
  const payload = encodeJson({ evidence, filter, cursor, limit, waitMs, gatherMs });
  const timeoutMs = waitMs + gatherMs + ANSWER_WITHIN_MS;
  const request = (ends: AbortSignal) =>
    network.request(node, CHANGES_METHOD, payload, { timeoutMs, signal: ends });
  const answer = await whileThere(nodes, node, request, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw answeredWith(error, node);
  });
  if (answer.byteLength > MAX_BATCH_BYTES) throw noAnswerOfIts(node);
  const batch = batchSchema.safeParse(decodeJson(answer));
  if (!batch.success || batch.data.changes.length > limit) throw noAnswerOfIts(node);
  const { changes, coalesced } = batch.data;
  // A node speaks of its own pins alone: who follows by reservation must not hear of another one's from it.
  const isOfIts = ({ reservation }: (typeof changes)[number]) =>
    reservation === null || isIdOf(node, reservation);
  if (!changes.every(isOfIts)) throw noAnswerOfIts(node);
  return {
    cursor: batch.data.cursor,
    changes: changes.map((change) => ({ type: "gpio.state.changed", node, ...change })),
    coalesced,
  };
}
