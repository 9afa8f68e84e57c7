import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { Asking } from "../asking.ts";

/** The same asking with less time. */
export function withTimeout(asking: Asking, timeoutMs: number): Asking {
  const { requester, correlationId, idempotencyKey } = asking;
  return {
    requester,
    correlationId,
    idempotencyKey,
    timeoutMs: Math.min(asking.timeoutMs, timeoutMs),
    evidence: (node) => asking.evidence(node),
    signIntent: (digest, validForMs) => asking.signIntent(digest, validForMs),
  };
}

/** Hands out what is left of the time of one request that takes several steps. */
export function remaining(asking: Asking, clock: Pick<Clock, "monotonic">): () => Asking {
  const untilMs = clock.monotonic() + asking.timeoutMs;
  return () => {
    const leftMs = untilMs - clock.monotonic();
    if (leftMs <= 0) throw new MeshError("DEADLINE_EXCEEDED", `Not done within ${asking.timeoutMs} ms`);
    return withTimeout(asking, leftMs);
  };
}
