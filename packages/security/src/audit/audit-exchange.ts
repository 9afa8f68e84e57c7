import { decodeJson, encodeJson, type Network, type RequestHandler } from "@pi-controller/mesh";
import { type Clock, RateLimiter, type Unsubscribe } from "@pi-controller/runtime";
import {
  type AuditPage,
  type AuditQuery,
  auditPageSchema,
  auditQuerySchema,
  MeshError,
  type NodeId,
  parseInput,
} from "@pi-controller/schema";
import * as z from "zod";
import type { Authorize, Principal } from "../use-cases.ts";
import type { AuditLog } from "./audit-log.ts";

export const AUDIT_METHOD = "audit.query";

/** On whose behalf is asked, and what. The JWT is the user's evidence: valid for minutes, at this node. */
const requestSchema = z.strictObject({
  jwt: z.string().min(1).max(8_192),
  query: auditQuerySchema.omit({ node: true }),
});

const TIMEOUT_MS = 10_000;
const MAX_REQUEST_BYTES = 16 * 1024;
/** What one peer may ask: a person who reads, on several pages. */
const RATE = { perSecond: 5, burst: 20, maxSenders: 256 };
/** Refusals of one peer that are recorded: it must not be able to push everything else out of the log. */
const REFUSALS = { perSecond: 1 / 60, burst: 20, maxSenders: 256 };

export interface AuditExchangeComponents {
  readonly network: Pick<Network, "self" | "request" | "handle">;
  readonly log: Pick<AuditLog, "query" | "record">;
  readonly clock: Clock;
  /**
   * @param from the peer that brings it: what is limited has to be limited for each of them
   * @throws MeshError UNAUTHENTICATED when it proves nothing
   */
  readonly verifyEvidence: (jwt: string, from: NodeId) => Promise<Principal>;
  readonly authorize: Authorize;
}

/** Reads the audit logs of other nodes, and has them read this one's: each node decides for itself who may. */
export class AuditExchange {
  readonly #components: AuditExchangeComponents;
  readonly #rate = new RateLimiter(RATE);
  readonly #refusals = new RateLimiter(REFUSALS);

  constructor(components: AuditExchangeComponents) {
    this.#components = components;
  }

  /** Answers from now on. May be called before the network starts. */
  serve(): Unsubscribe {
    return this.#components.network.handle(AUDIT_METHOD, (request) => this.#answer(request));
  }

  /**
   * @param jwt evidence of the user who asks
   * @throws MeshError UNAVAILABLE when the node cannot be reached or does not answer properly; what it refuses with
   */
  async ask(node: NodeId, jwt: string, query: Omit<AuditQuery, "node">): Promise<AuditPage> {
    const { cursor, actor, outcome, correlationId, limit } = query;
    const payload = encodeJson({ jwt, query: { cursor, actor, outcome, correlationId, limit } });
    const answer = await this.#request(node, payload);
    const page = auditPageSchema.safeParse(decodeJson(answer));
    if (!page.success || page.data.node !== node) {
      throw new MeshError("UNAVAILABLE", "The node answers with what is no audit log of its own");
    }
    return page.data;
  }

  async #request(node: NodeId, payload: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#components.network.request(node, AUDIT_METHOD, payload, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      const isLate = error instanceof MeshError && error.code === "DEADLINE_EXCEEDED";
      if (!isLate) throw error;
      throw new MeshError("UNAVAILABLE", "The node did not answer in time", {}, { cause: error });
    }
  }

  async #answer({ from, payload }: Parameters<RequestHandler>[0]): Promise<Uint8Array> {
    const { authorize, clock, log, verifyEvidence } = this.#components;
    const retryAfterMs = this.#rate.take(from, clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many questions for the audit log", { retryAfterMs });
    }
    if (payload.byteLength > MAX_REQUEST_BYTES) {
      throw new MeshError("INVALID_ARGUMENT", "The question for the audit log is too long");
    }
    const { jwt, query } = parseInput(requestSchema, decodeJson(payload), "question for the audit log");
    const principal = await this.#verified(verifyEvidence(jwt, from), from);
    const refusal = authorize(principal, { verb: "list", resource: "audit" });
    if (refusal === undefined) return encodeJson(await log.query(query));
    this.#recordRefusal(from, principal, refusal);
    throw new MeshError("PERMISSION_DENIED", refusal);
  }

  async #verified(evidence: Promise<Principal>, from: NodeId): Promise<Principal> {
    try {
      return await evidence;
    } catch (error) {
      this.#recordRefusal(from, undefined, "the evidence of the user is not valid");
      throw error;
    }
  }

  #recordRefusal(from: NodeId, principal: Principal | undefined, detail: string): void {
    const { clock, log } = this.#components;
    if (this.#refusals.take(from, clock.monotonic()) > 0) return;
    log.record({
      actor: principal?.userName ?? from,
      userId: principal?.userId ?? null,
      via: "jwt",
      address: from,
      action: AUDIT_METHOD,
      target: "audit log",
      outcome: "denied",
      detail,
      correlationId: "",
    });
  }
}
