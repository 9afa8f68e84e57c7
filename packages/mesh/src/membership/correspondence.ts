import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type * as z from "zod";
import { encodeJson } from "../json-payload.ts";
import type { Network } from "../network.ts";
import {
  compareAnswerSchema,
  compareSchema,
  decode,
  helpAnswerSchema,
  helpRequestSchema,
  MAX_VIEW_BYTES,
  syncSchema,
  viewSchema,
} from "./messages.ts";
import { ProbeCodec, type ProbeMessage } from "./probe-codec.ts";
import type { SelfReport } from "./self-report.ts";

const PROBE = "membership.probe";
const INDIRECT_PROBE = "membership.indirect-probe";
const COMPARE = "membership.compare";
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

/** Half of an exchange of views: which groups of members differ, and what is believed of those. */
export type SyncMessage = z.infer<typeof syncSchema>;
export type Comparison = z.infer<typeof compareSchema>;
export type ComparisonAnswer = z.infer<typeof compareAnswerSchema>;

/** Answers to what others ask. */
export interface Respondent {
  probed(from: NodeId, message: ProbeMessage): ProbeMessage;
  compared(from: NodeId, message: Comparison): ComparisonAnswer;
  synced(from: NodeId, message: SyncMessage): ProbeMessage;
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
  readonly #probes = new ProbeCodec();
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
        this.#probes.encode(respondent.probed(from, this.#probes.decode(from, payload))),
      ),
      this.#network.handle(COMPARE, async ({ from, payload }) =>
        encodeJson(respondent.compared(from, decode(compareSchema, payload))),
      ),
      this.#network.handle(SYNC, async ({ from, payload }) =>
        encodeJson(respondent.synced(from, decode(syncSchema, payload, MAX_VIEW_BYTES))),
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
    timeoutMs = ANSWER_PATIENCE_MS,
  ): Promise<Answer<ProbeMessage>> {
    const question = this.#probes.encode(message);
    return this.#ask(target, PROBE, question, timeoutMs, (answer) => this.#probes.decode(target, answer));
  }

  compare(peer: NodeId, message: Comparison): Promise<Answer<ComparisonAnswer>> {
    return this.#ask(peer, COMPARE, encodeJson(message), SYNC_TIMEOUT_MS, (answer) =>
      decode(compareAnswerSchema, answer),
    );
  }

  sync(peer: NodeId, message: SyncMessage): Promise<Answer<ProbeMessage>> {
    return this.#ask(peer, SYNC, encodeJson(message), SYNC_TIMEOUT_MS, (answer) =>
      decode(viewSchema, answer, MAX_VIEW_BYTES),
    );
  }

  /** Asks a helper to probe somebody within `timeoutMs`. */
  askHelper(
    helper: NodeId,
    target: NodeId,
    timeoutMs: number,
  ): Promise<Answer<{ report: SelfReport | null }>> {
    const question = encodeJson({ target, timeoutMs });
    return this.#ask(helper, INDIRECT_PROBE, question, timeoutMs + HELPER_PATIENCE_MS, (answer) =>
      decode(helpAnswerSchema, answer),
    );
  }

  async #help(target: NodeId, timeoutMs: number, respondent: Respondent): Promise<SelfReport | null> {
    if (this.#helping >= MAX_HELPING) {
      throw new MeshError("RESOURCE_EXHAUSTED", "This peer already probes for too many others");
    }
    this.#helping++;
    try {
      const answer = await this.probe(target, respondent.helping(target), timeoutMs);
      if (typeof answer === "string") return null;
      respondent.helped(target, answer);
      return answer.report;
    } finally {
      this.#helping--;
    }
  }

  /** Without a signal, which costs more than it saves: who has stopped takes no notice of an answer. */
  async #ask<T>(
    peer: NodeId,
    method: string,
    question: Uint8Array,
    timeoutMs: number,
    read: (answer: Uint8Array) => T,
  ): Promise<Answer<T>> {
    if (this.#waiting >= MAX_WAITING) return "unsendable";
    this.#waiting++;
    try {
      return read(await this.#network.request(peer, method, question, { timeoutMs }));
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
