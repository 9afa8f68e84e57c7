import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type * as z from "zod";
import { encodeJson } from "../json-payload.ts";
import type { Network } from "../network.ts";
import type { MemberUpdate } from "./member.ts";
import {
  decode,
  helpAnswerSchema,
  helpRequestSchema,
  MAX_VIEW_BYTES,
  probeSchema,
  viewSchema,
} from "./messages.ts";
import type { SelfReport } from "./self-report.ts";

const PROBE = "membership.probe";
const INDIRECT_PROBE = "membership.indirect-probe";
const SYNC = "membership.sync";

/** An answer is a sign of life however late it comes: a process that stood still answers when it goes on. */
const ANSWER_PATIENCE_MS = 5_000;
const SYNC_TIMEOUT_MS = 5_000;
/** Beyond the time that a helper itself takes. */
const HELPER_PATIENCE_MS = 1_000;
/** At most so many requests wait at once; more means that nobody answers any, and then more do not help. */
const MAX_WAITING = 512;
/** Whoever sends garbage sends a lot of it. */
const LOG_PERIOD_MS = 10_000;
/** At most so many probes are made for others at once. */
const MAX_HELPING = 32;

export interface ProbeMessage {
  readonly report: SelfReport;
  readonly updates: MemberUpdate[];
}

/** Answers to what others ask. */
export interface Respondent {
  probed(from: NodeId, message: ProbeMessage): ProbeMessage;
  synced(from: NodeId, message: ProbeMessage): ProbeMessage;
  /** What to say to somebody who is probed for another peer. */
  helping(target: NodeId): ProbeMessage;
  /** What that one answered. */
  helped(target: NodeId, answer: ProbeMessage): void;
}

/** `unsendable`: there is no connection; `silent`: no answer, or none that makes sense. */
export type Answer<T> = T | "unsendable" | "silent";

/** The requests of the membership protocol, both ways: bytes outside, checked messages inside. */
export class Correspondence {
  readonly #network: Network;
  readonly #logger: Logger;
  readonly #limiter: LogLimiter;
  #waiting = 0;
  #helping = 0;

  constructor(components: { readonly network: Network; readonly clock: Clock; readonly logger: Logger }) {
    this.#network = components.network;
    this.#logger = components.logger;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  /** Answers requests from now on. @returns stops that */
  listen(respondent: Respondent): () => void {
    const stops = [
      this.#network.handle(PROBE, async ({ from, payload }) =>
        encodeJson(respondent.probed(from, decode(probeSchema, payload))),
      ),
      this.#network.handle(SYNC, async ({ from, payload }) =>
        encodeJson(respondent.synced(from, decode(viewSchema, payload, MAX_VIEW_BYTES))),
      ),
      this.#network.handle(INDIRECT_PROBE, async ({ payload }) => {
        const { target, timeoutMs } = decode(helpRequestSchema, payload);
        return encodeJson({ report: await this.#help(target, timeoutMs, respondent) });
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** @param timeoutMs give up then; without it, wait for a late sign of life */
  probe(
    target: NodeId,
    message: ProbeMessage,
    signal: AbortSignal,
    timeoutMs = ANSWER_PATIENCE_MS,
  ): Promise<Answer<ProbeMessage>> {
    return this.#ask(target, PROBE, message, probeSchema, timeoutMs, signal);
  }

  sync(peer: NodeId, message: ProbeMessage, signal: AbortSignal): Promise<Answer<ProbeMessage>> {
    return this.#ask(peer, SYNC, message, viewSchema, SYNC_TIMEOUT_MS, signal, MAX_VIEW_BYTES);
  }

  /** Asks a helper to probe somebody within `timeoutMs`. */
  askHelper(
    helper: NodeId,
    target: NodeId,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Answer<{ report: SelfReport | null }>> {
    const question = { target, timeoutMs };
    const patienceMs = timeoutMs + HELPER_PATIENCE_MS;
    return this.#ask(helper, INDIRECT_PROBE, question, helpAnswerSchema, patienceMs, signal);
  }

  async #help(target: NodeId, timeoutMs: number, respondent: Respondent): Promise<SelfReport | null> {
    if (this.#helping >= MAX_HELPING) {
      throw new MeshError("RESOURCE_EXHAUSTED", "This peer already probes for too many others");
    }
    this.#helping++;
    try {
      const answer = await this.probe(
        target,
        respondent.helping(target),
        new AbortController().signal,
        timeoutMs,
      );
      if (typeof answer === "string") return null;
      respondent.helped(target, answer);
      return answer.report;
    } finally {
      this.#helping--;
    }
  }

  async #ask<Schema extends z.ZodType>(
    peer: NodeId,
    method: string,
    message: object,
    schema: Schema,
    timeoutMs: number,
    signal: AbortSignal,
    maximumBytes?: number,
  ): Promise<Answer<z.infer<Schema>>> {
    if (this.#waiting >= MAX_WAITING) return "unsendable";
    this.#waiting++;
    try {
      const answer = await this.#network.request(peer, method, encodeJson(message), { timeoutMs, signal });
      return decode(schema, answer, maximumBytes);
    } catch (error) {
      const code = error instanceof MeshError ? error.code : undefined;
      if (code === "UNAVAILABLE") return "unsendable";
      if (code === "DEADLINE_EXCEEDED" || code === "CANCELLED") return "silent";
      this.#limiter.limit("request", (suppressed) =>
        this.#logger.warn({ peer, method, error, suppressed }, "A membership request failed"),
      );
      return "silent";
    } finally {
      this.#waiting--;
    }
  }
}
