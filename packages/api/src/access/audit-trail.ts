import { type Clock, RateLimiter } from "@pi-controller/runtime";
import type { ErrorCode } from "@pi-controller/schema";
import {
  type AuditEntry,
  type AuditUseCases,
  type Principal,
  type RequestOrigin,
  senderOf,
} from "@pi-controller/security";
import { RepeatedActs } from "./repeated-acts.ts";

/** What became of a request, as far as the audit log cares. */
export interface AuditedRequest {
  readonly method: string;
  /** As `delete nodes`, `login`, or method and route. */
  readonly action: string;
  /** What it was done to; never what the client made up. */
  readonly target: string;
  readonly principal: Principal | undefined;
  readonly origin: RequestOrigin;
  readonly status: number;
  /** Undefined when it was done. */
  readonly code: ErrorCode | undefined;
  /** Recorded also when it only reads, and was not refused: a login that a link leads to. */
  readonly always: boolean;
  /** What programs do many times a second: recorded once in a while, with how often it was done. */
  readonly often?: boolean;
}

const REFUSED: readonly (ErrorCode | undefined)[] = [
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
];
/** Everybody may make JWTs, as often as he likes; programs do every few minutes. */
const CHANGES_NOTHING = "create jwt";
/** What one address, or one user, tries in vain and has recorded one by one; of a flood the rest is counted. */
const IN_VAIN = { perSecond: 1 / 60, burst: 100, maxSenders: 1_024 };
/** Of all strangers together, however many addresses they have: it takes them weeks to fill a log of 50,000 records. */
const OF_STRANGERS = { perSecond: 1 / 30, burst: 1_000, maxSenders: 1 };

/** Pure: the record of a request; undefined when none is due, as for reading what one may read. */
function auditEntryOf(request: AuditedRequest): AuditEntry | undefined {
  const { method, action, target, principal, origin, status, code, always } = request;
  const refused = REFUSED.includes(code);
  const mutating = method !== "GET" && method !== "HEAD";
  if (!refused && !mutating && !always) return undefined;
  return {
    actor: principal?.userName ?? "anonymous",
    userId: principal?.userId ?? null,
    via: principal?.via ?? "none",
    address: origin.address,
    action,
    target,
    outcome: refused ? "denied" : code === undefined ? "allowed" : "failed",
    // Not the message of the error: that may quote what was sent.
    detail: code === undefined ? String(status) : `${status} ${code}`,
    correlationId: origin.correlationId,
  };
}

/**
 * Writes the records of all requests, for REST and WebSockets alike. Whatever somebody known has changed is recorded.
 * A stranger must not be able to push that out of the log, nor to wear out the card: of a flood of what is refused, or
 * comes to nothing, one request a minute is recorded, with the number of those before it.
 */
export class AuditTrail {
  readonly #components: { readonly audit: Pick<AuditUseCases, "record">; readonly clock: Clock };
  readonly #rate = new RateLimiter(IN_VAIN);
  readonly #rateOfStrangers = new RateLimiter(OF_STRANGERS);
  readonly #repeated: RepeatedActs;
  /** Of whom how much was not recorded one by one. */
  readonly #leftOut = new Map<string, number>();

  constructor(components: { readonly audit: Pick<AuditUseCases, "record">; readonly clock: Clock }) {
    this.#components = components;
    const { audit, clock } = components;
    this.#repeated = new RepeatedActs({ record: (entry) => audit.record(entry), clock });
  }

  record(request: AuditedRequest): void {
    const entry = auditEntryOf(request);
    if (entry === undefined) return;
    if (request.often === true && entry.outcome === "allowed" && request.principal !== undefined) {
      this.#repeated.add(entry);
      return;
    }
    const isKnownChange =
      entry.outcome === "allowed" && request.principal !== undefined && request.action !== CHANGES_NOTHING;
    const more = isKnownChange ? 0 : this.#bounded(entry);
    if (more === undefined) return;
    const detail = more === 0 ? entry.detail : `${entry.detail}, and ${more} more in vain before it`;
    this.#components.audit.record({ ...entry, detail });
  }

  /** Records at once what is still only counted: the peer stops. */
  flush(): void {
    this.#repeated.flush();
  }

  /** @returns how many were left out before this one; undefined to leave it out too */
  #bounded({ userId, address }: AuditEntry): number | undefined {
    const sender = userId ?? senderOf(address);
    const leftOut = this.#leftOut.get(sender) ?? 0;
    if (this.#hasRoomFor(sender, userId)) {
      this.#leftOut.delete(sender);
      return leftOut;
    }
    this.#leftOut.delete(sender);
    this.#leftOut.set(sender, leftOut + 1);
    const [longestQuiet] = this.#leftOut.keys();
    if (this.#leftOut.size > IN_VAIN.maxSenders && longestQuiet !== undefined) {
      this.#leftOut.delete(longestQuiet);
    }
    return undefined;
  }

  #hasRoomFor(sender: string, userId: string | null): boolean {
    const nowMs = this.#components.clock.monotonic();
    if (this.#rate.take(sender, nowMs) > 0) return false;
    return userId !== null || this.#rateOfStrangers.take("all", nowMs) === 0;
  }
}
