import { headerOf } from "@pi-controller/hardware";
import type { GpioMode, GpioQuota, ReservationId, ReservationRequest } from "@pi-controller/schema";
import { resourceRules } from "../resource-rules.ts";
import { type Asked, decide } from "./decide.ts";
import { idOf, recordOf } from "./ledger.fixture.ts";
import type { Decision, EndReason, Entry, Ledger, LedgerDecisions, Limits, Usage } from "./ledger.ts";
import { positionOf } from "./line.ts";
import { nextInLine } from "./next-in-line.ts";
import { overdue } from "./overdue.ts";
import { settleMode } from "./settle-mode.ts";
import { compareTokens, tokenOf } from "./token.ts";
import { noUsage } from "./usage.ts";

/** All that decides, as an owner may rely on it. */
const decisions: LedgerDecisions = { compareTokens, decide, nextInLine, overdue, positionOf, settleMode };

/** A Pi 4 whose buses i2c-1 and spi-3 are on the same pins, so that all kinds of claims meet. */
const modelRules = resourceRules(headerOf({ family: "pi-4", gpioChips: [] }), {
  i2cBuses: [1],
  spiDevices: ["0.0", "0.1", "3.0"],
});

export type ModelRequest = Pick<
  ReservationRequest,
  | "resource"
  | "mode"
  | "namespace"
  | "priority"
  | "preemptible"
  | "preempt"
  | "waitMs"
  | "ttlMs"
  | "watchdogMs"
  | "powerMilliwatts"
>;

/** With the ledger as it was just before. */
export interface Grant {
  readonly id: ReservationId;
  readonly before: Ledger;
  readonly preempted: readonly ReservationId[];
  readonly entry: Entry;
}

/** A request, the ledger that it met, and what became of it. */
export interface Asking {
  readonly before: Ledger;
  readonly asked: Asked;
  /** The mode as it was asked for. */
  readonly mode: GpioMode;
  readonly decision: Decision;
}

/** The least that an owner does around the decisions: no disk, no hardware, a clock that is a number. */
export class ModelOwner {
  ledger: Ledger = { entries: new Map() };
  nowMs = 0;
  bootEpoch = 1;
  readonly quotas = new Map<string, GpioQuota>();
  readonly elsewhere = new Map<string, Usage>();
  boardMilliwatts: number | null = null;
  readonly asked: Asking[] = [];
  readonly grants: Grant[] = [];
  readonly tokens: string[] = [];
  /** Of what was found to be over, with the time of the clock then. */
  readonly overdue: { readonly entry: Entry; readonly reason: EndReason; readonly atMs: number }[] = [];
  #seq = 0;
  #requests = 0;

  get limits(): Limits {
    return {
      quotaOf: (namespace) => this.quotas.get(namespace),
      usedElsewhere: (namespace) => this.elsewhere.get(namespace) ?? noUsage,
      boardMilliwatts: this.boardMilliwatts,
    };
  }

  request({ preempt, waitMs, resource, mode, ...terms }: ModelRequest): void {
    const id = idOf(++this.#requests);
    const settled = decisions.settleMode(this.ledger, modelRules, resource, mode);
    const record = { ...recordOf(this.#requests, { ...terms, resource, mode: settled }), id };
    const claims = modelRules.claims(resource, settled);
    const asked = { record, claims, preempt, mayWait: waitMs > 0 };
    const decision = decisions.decide(this.ledger, asked, this.limits);
    const before = this.ledger;
    this.asked.push({ before, asked, mode, decision });
    const waiting: Entry = { record, claims, endsAtMs: this.nowMs + waitMs, lastWriteMs: this.nowMs };
    if (decision.kind === "wait") this.#put(waiting);
    if (decision.kind === "grant") {
      for (const other of decision.preempted) this.#remove(other);
      this.#put(waiting);
      this.#grant(id, before, decision.preempted);
    }
  }

  release(id: ReservationId): void {
    this.#remove(id);
  }

  transfer(id: ReservationId): void {
    this.#change(id, (entry) => ({ ...entry, record: { ...entry.record, token: this.#nextToken() } }));
  }

  renew(id: ReservationId): void {
    this.#change(id, (entry) => ({ ...entry, endsAtMs: this.#endOf(entry) }));
  }

  write(id: ReservationId): void {
    this.#change(id, (entry) => ({ ...entry, lastWriteMs: this.nowMs }));
  }

  /** As after a restart of the process: what stands is there again, and tokens begin with a higher epoch. */
  restart(): void {
    this.bootEpoch++;
    this.#seq = 0;
    this.ledger = { entries: new Map([...this.ledger.entries].toReversed()) };
  }

  /** What an owner does whenever something has changed, until nothing is left to do. */
  settle(): void {
    for (const { id, reason } of decisions.overdue(this.ledger, this.nowMs).ended) {
      const entry = this.ledger.entries.get(id);
      if (entry !== undefined) this.overdue.push({ entry, reason, atMs: this.nowMs });
      this.#remove(id);
    }
    for (const id of decisions.nextInLine(this.ledger, this.limits)) this.#grant(id, this.ledger, []);
  }

  #grant(id: ReservationId, before: Ledger, preempted: readonly ReservationId[]): void {
    const entry = this.ledger.entries.get(id);
    if (entry === undefined) throw new Error(`${id} was granted and is not there`);
    this.#put({
      ...entry,
      record: { ...entry.record, state: "granted", token: this.#nextToken() },
      endsAtMs: this.#endOf(entry),
      lastWriteMs: this.nowMs,
    });
    this.grants.push({ id, before, preempted, entry });
  }

  #endOf({ record }: Entry): number | null {
    return record.ttlMs === null ? null : this.nowMs + record.ttlMs;
  }

  #nextToken(): string {
    const token = tokenOf(this.bootEpoch, ++this.#seq);
    this.tokens.push(token);
    return token;
  }

  #change(id: ReservationId, change: (entry: Entry) => Entry): void {
    const entry = this.ledger.entries.get(id);
    if (entry?.record.state === "granted") this.#put(change(entry));
  }

  #put(entry: Entry): void {
    this.ledger = { entries: new Map(this.ledger.entries).set(entry.record.id, entry) };
  }

  #remove(id: ReservationId): void {
    const entries = new Map(this.ledger.entries);
    if (!entries.delete(id)) throw new Error(`${id} ended and is not there`);
    this.ledger = { entries };
  }
}
