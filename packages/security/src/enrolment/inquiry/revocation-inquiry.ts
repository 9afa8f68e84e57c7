import { decodeJson } from "@pi-controller/mesh";
import { type Clock, type Logger, type Random, type Service, sleep } from "@pi-controller/runtime";
import { MeshError, parseInput, type RevocationQuestion } from "@pi-controller/schema";
import * as z from "zod";
import { type NodeKey, toBase64Url, utf8 } from "../../crypto/index.ts";
import { type Envelope, envelopeSchema, statementSchema } from "../../trust/statements.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import { revocationQuestionBytes } from "../protocol/revocation-question.ts";
import { askMember } from "./ask-member.ts";
import { afterAsking, follow, type InquirySchedule, nextToAsk } from "./inquiry-schedule.ts";

/** Somebody who may know what this node has not heard. */
export interface Witness {
  /** What tells him from others. */
  readonly id: string;
  /** Where his API may answer, best first. */
  readonly origins: readonly string[];
}

export interface RevocationInquiryComponents {
  readonly trust: Pick<TrustPort, "view" | "merge">;
  readonly nodeKey: NodeKey;
  /** Members that this node has lost touch with, or never had: none, most of the time. */
  readonly witnesses: () => readonly Witness[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Over HTTPS, when left out. */
  readonly ask?: typeof askMember;
}

const LOOK_INTERVAL_MS = 1_000;
/** Of one witness, in one go. */
const MAX_ORIGINS = 3;

const answerSchema = z.object({ envelopes: z.array(envelopeSchema).max(2) });

/**
 * Finds out whether this node was revoked when members are out of its reach: they let a revoked one in no more, and
 * so cannot tell it over the mesh, nor can it enter the fence with the secret that it knows. When it was not, it is given
 * the secret that it lacks, as after its card was put back to an older copy. What it is told counts when it is signed as
 * all statements are.
 */
export class RevocationInquiry implements Service {
  readonly name = "revocation inquiry";
  readonly #components: RevocationInquiryComponents;
  #schedule: InquirySchedule = new Map();
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(components: RevocationInquiryComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#components;
    while (!signal.aborted) {
      try {
        await sleep(clock, LOOK_INTERVAL_MS, signal);
        await this.#look(signal);
      } catch (error) {
        if (!signal.aborted) logger.error({ error }, "Whether this node was revoked could not be found out");
      }
    }
  }

  /** Asks one witness at most. @throws MeshError when what it was told cannot be stored */
  async #look(signal: AbortSignal): Promise<void> {
    const { clock, nodeKey, random, trust } = this.#components;
    // It knows; what comes of that is not decided here.
    if (!trust.view.members.has(nodeKey.node)) return;
    const witnesses = this.#components.witnesses();
    const ids = witnesses.map(({ id }) => id);
    this.#schedule = follow(this.#schedule, ids, clock.monotonic(), random);
    const id = nextToAsk(this.#schedule, clock.monotonic());
    if (id === undefined) return;
    const origins = witnesses.find((witness) => witness.id === id)?.origins ?? [];
    try {
      for (const origin of origins.slice(0, MAX_ORIGINS)) {
        if (signal.aborted || (await this.#askAt(origin, signal))) break;
      }
    } finally {
      this.#schedule = afterAsking(this.#schedule, id, clock.monotonic(), random);
    }
  }

  /** @returns whether a member answered there */
  async #askAt(origin: string, signal: AbortSignal): Promise<boolean> {
    const { ask = askMember, logger, nodeKey, trust } = this.#components;
    let envelopes: readonly Envelope[];
    try {
      const answer = await ask(origin, this.#question(), signal);
      ({ envelopes } = parseInput(answerSchema, answer, "answer about a revocation"));
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      logger.debug({ origin, reason: error.message }, "A member out of reach could not be asked");
      return false;
    }
    // Nothing else is taken from somebody who has not proven who he is.
    const own = envelopes.filter((envelope) => isOf(envelope, nodeKey.node));
    if (own.length > 0) await trust.merge(own);
    return true;
  }

  #question(): RevocationQuestion {
    const { nodeKey, trust } = this.#components;
    const bytes = revocationQuestionBytes(trust.view.meshId, nodeKey.node);
    return { node: nodeKey.node, signature: toBase64Url(nodeKey.sign(bytes)) };
  }
}

/** Whether it says that a node was revoked, or holds its mesh secret; who says it, the trust finds out. */
function isOf({ statement }: Envelope, node: string): boolean {
  const parsed = statementSchema.safeParse(decodeJson(utf8(statement)));
  if (!parsed.success) return false;
  const { data } = parsed;
  return (data.kind === "revocation" || data.kind === "mesh-secret") && data.node === node;
}
