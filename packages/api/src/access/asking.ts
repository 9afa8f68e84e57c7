import type { Asking } from "@pi-controller/gpio";
import { idempotencyKeySchema, MeshError, parseInput } from "@pi-controller/schema";
import type { Acting, SecurityUseCases } from "@pi-controller/security";
import * as z from "zod";
import type { Caller } from "./caller.ts";

/** What a request says of who makes it, and how often. */
export interface AskedRequest {
  readonly acting: Acting;
  readonly caller: Pick<Caller, "credentials">;
  /** The header `Idempotency-Key`, as it came. */
  readonly idempotencyKey: string | undefined;
  /** How long ago the request came in. */
  readonly elapsedMs: () => number;
}

type Security = Pick<SecurityUseCases, "authorize"> & {
  readonly evidence: Pick<SecurityUseCases["evidence"], "of">;
  readonly intents: Pick<SecurityUseCases["intents"], "sign">;
};

/** All that a request to a pin may take, however many peers take part: people wait no longer, and programs ask again. */
const BUDGET_MS = 8_000;

const headerSchema = z.object({ "Idempotency-Key": idempotencyKeySchema });

/**
 * On whose behalf the owner of a pin is asked. What proves it to another node is made only when another is asked:
 * it is signed, and most requests are for the node that they come to.
 *
 * @throws MeshError INVALID_ARGUMENT naming `Idempotency-Key`; DEADLINE_EXCEEDED when the request itself took too long to come
 */
export function askingOf(
  { acting, caller, idempotencyKey, elapsedMs }: AskedRequest,
  { authorize, evidence, intents }: Security,
): Asking {
  const { principal, correlationId } = acting;
  const { userName, userId } = principal;
  const timeoutMs = BUDGET_MS - elapsedMs();
  if (timeoutMs <= 0) {
    throw new MeshError("DEADLINE_EXCEEDED", `The request did not come whole within ${BUDGET_MS} ms`);
  }
  return {
    requester: { userName, userId, refusal: (access) => authorize(principal, access) },
    correlationId,
    idempotencyKey: checkedKey(idempotencyKey),
    timeoutMs,
    evidence: (node) => evidence.of(acting, caller.credentials, node),
    signIntent: (digest, validForMs) => intents.sign(acting, caller.credentials, digest, validForMs),
  };
}

function checkedKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return parseInput(headerSchema, { "Idempotency-Key": header }, "header")["Idempotency-Key"];
}
