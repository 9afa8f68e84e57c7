import { setImmediate } from "node:timers/promises";
import { type Clock, Emitter, type Logger, LogLimiter, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { RecentStatements } from "./recent-statements.ts";
import { defaultSetLimits, type SetLimits } from "./set-limits.ts";
import { type SignedStatement, sameEnvelope, signStatement } from "./signed-statement.ts";
import { checkSignatures, MAX_VERSION_OF_OTHERS } from "./signer-rules.ts";
import { type Addition, addTo, type StatementSet, statementSet } from "./statement-set.ts";
import { type Envelope, keyOf, type Statement } from "./statements.ts";
import type {
  ClockStatus,
  MergeResult,
  SigningKey,
  StatementDraft,
  TrustPort,
  TrustView,
} from "./trust-port.ts";
import type { TrustStore } from "./trust-store.ts";
import { earliestNow, newestIssued } from "./trusted-time.ts";
import { viewOf } from "./view.ts";

/** A clock that runs a little slow is no cause for alarm. */
const BEHIND_TOLERANCE_MS = 60_000;
/**
 * Time goes on also while the clock is behind: else a token for minutes would be good for years. Slower, so that the
 * clock catches up where it was right and somebody else's ahead.
 */
const RATE_WHILE_BEHIND = 0.5;
const LOG_PERIOD_MS = 60_000;
/** Statements that are verified in one go: some 30 ms of a Pi. */
const READ_IN_ONE_TURN = 100;

type Rejected = MergeResult["rejected"][number];

export interface TrustComponents {
  readonly store: Pick<
    TrustStore,
    "meshId" | "statements" | "change" | "lastSeenMs" | "rememberTime" | "close"
  >;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TrustOptions {
  /** When this program was made, in ms since 1970: it is not earlier. */
  readonly buildDateMs: number;
  readonly limits?: SetLimits;
}

/**
 * What this peer has verified of the mesh that it belongs to. Usable at once, without network and documents: those
 * carry statements to it and from it (`TrustCarrier`, `TrustIntroduction`).
 */
export class Trust implements TrustPort {
  readonly #components: TrustComponents;
  readonly #options: TrustOptions;
  readonly #limits: SetLimits;
  readonly #changed: Emitter<TrustView>;
  readonly #publishers = new Set<(keys: readonly string[]) => Promise<void>>();
  readonly #recent = new RecentStatements();
  readonly #logLimiter: LogLimiter;
  #set: StatementSet;
  #view: TrustView;
  #newestIssuedMs: number;
  #lastSeenMs: number;
  /** It was not earlier than `atMs` at `sinceMs` of the monotonic clock. */
  #floor = { atMs: 0, sinceMs: 0 };

  private constructor(components: TrustComponents, options: TrustOptions, set: StatementSet) {
    const { clock, logger, store } = components;
    this.#components = components;
    this.#options = options;
    this.#limits = options.limits ?? defaultSetLimits;
    this.#logLimiter = new LogLimiter(clock, LOG_PERIOD_MS);
    this.#changed = new Emitter((error) => logger.error({ err: error }, "A listener of the trust failed"));
    this.#set = set;
    this.#view = viewOf(set.resolution, store.meshId);
    this.#newestIssuedMs = newestIssued(set.resolution.standing.values(), options.buildDateMs);
    this.#lastSeenMs = store.lastSeenMs();
  }

  /**
   * Verifies what the store holds. What is damaged or does not verify is left out, and comes back from other peers.
   *
   * @throws MeshError DATA_LOSS when not even the genesis of the mesh is there; as the store
   */
  static load(components: TrustComponents, options: TrustOptions): Trust {
    const { store, logger } = components;
    const { statements, damaged } = store.statements();
    if (damaged.length > 0) logger.error({ keys: damaged }, "Damaged statements were left out");
    try {
      const set = statementSet(statements, store.meshId);
      for (const { signed, reason } of set.resolution.rejected) {
        logger.warn({ key: signed.key, reason }, "A stored statement was left out");
      }
      return new Trust(components, options, set);
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "FAILED_PRECONDITION") throw error;
      throw new MeshError(
        "DATA_LOSS",
        `The trust database is damaged: ${error.message}`,
        {},
        { cause: error },
      );
    }
  }

  get view(): TrustView {
    return this.#view;
  }

  get meshId(): string {
    return this.#view.meshId;
  }

  /** Tells whether two peers hold the same. */
  get hash(): string {
    return this.#set.hash;
  }

  observe(listener: (view: TrustView) => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  /** Calls back with the keys of what was made here; `publish` waits for it. */
  onPublish(listener: (keys: readonly string[]) => Promise<void>): Unsubscribe {
    this.#publishers.add(listener);
    return () => void this.#publishers.delete(listener);
  }

  sign(draft: StatementDraft, keys: readonly SigningKey[]): Envelope {
    const key = keyOf({ version: 1, issuedAt: "", ...draft });
    const isByAuthority = keys.some(({ signer }) => signer.kind === "authority");
    const highest = isByAuthority ? Number.POSITIVE_INFINITY : MAX_VERSION_OF_OTHERS;
    const version = draft.version ?? Math.min(this.nextVersion(key), highest);
    const issuedAt = draft.issuedAt ?? new Date(this.now()).toISOString();
    return signStatement({ ...draft, version, issuedAt } as Statement, keys);
  }

  nextVersion(key: string): number {
    return (this.statement(key)?.statement.version ?? 0) + 1;
  }

  /** What stands under a key, void members and tombstones included. */
  statement(key: string): SignedStatement | undefined {
    return this.#set.resolution.standing.get(key);
  }

  /** All that stands. */
  statements(): Iterable<SignedStatement> {
    return this.#set.resolution.standing.values();
  }

  async merge(envelopes: readonly Envelope[]): Promise<MergeResult> {
    const incoming: SignedStatement[] = [];
    const rejected: Rejected[] = [];
    // A peer may send many thousands, genuine or not: the machine goes on with all else meanwhile.
    for (const _turn of this.#read(envelopes, incoming, rejected)) await setImmediate();
    const addition = this.#add(incoming);
    this.#commit(addition);
    for (const [signed, reason] of addition.refused) {
      this.#recent.remember(signed);
      rejected.push({ key: signed.key, reason });
    }
    for (const { key, reason } of rejected) {
      this.#logLimiter.limit("rejected", (suppressed) =>
        this.#components.logger.debug({ key, reason, suppressed }, "A statement was not taken"),
      );
    }
    return { accepted: addition.changed.map(({ key }) => key), rejected };
  }

  async publish(envelopes: readonly Envelope[]): Promise<void> {
    const incoming: SignedStatement[] = [];
    const rejected: Rejected[] = [];
    // A peer may send many thousands, genuine or not: the machine goes on with all else meanwhile.
    for (const _turn of this.#read(envelopes, incoming, rejected)) await setImmediate();
    const addition = this.#add(incoming);
    const problems = [
      ...rejected,
      // What it makes void of earlier statements, as a reset does, is no problem.
      ...[...addition.refused]
        .filter(([signed]) => incoming.includes(signed))
        .map(([signed, reason]) => ({ key: signed.key, reason })),
    ];
    const [problem] = problems;
    if (problem !== undefined) {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `${problem.key ?? "A statement"} cannot be stated: ${problem.reason}`,
      );
    }
    this.#commit(addition);
    const keys = incoming.map(({ key }) => key);
    await Promise.all([...this.#publishers].map((publish) => publish(keys)));
  }

  envelopes(keys?: readonly string[]): readonly Envelope[] {
    const found = keys === undefined ? [...this.statements()] : keys.map((key) => this.statement(key));
    return found.filter((signed) => signed !== undefined).map(({ envelope }) => envelope);
  }

  now(): number {
    const { clock } = this.#components;
    const monotonicMs = clock.monotonic();
    const { atMs, sinceMs } = this.#floor;
    const passedMs = (monotonicMs - sinceMs) * RATE_WHILE_BEHIND;
    const earliestMs = this.#earliestNow();
    // Only what lies ahead of it counts: time does not go back when something new is learned.
    if (earliestMs > atMs + passedMs) this.#floor = { atMs: earliestMs, sinceMs: monotonicMs };
    return Math.max(clock.now(), earliestMs, Math.floor(atMs + passedMs));
  }

  clockStatus(): ClockStatus | null {
    const behindByMs = this.#earliestNow() - this.#components.clock.now();
    return behindByMs > BEHIND_TOLERANCE_MS ? { behindByMs } : null;
  }

  /** Writes down what time it is; for a start with a clock that was reset. */
  rememberTime(): void {
    // Not what has passed while the clock was behind: a time that was once too late is caught up with some day.
    const nowMs = Math.max(this.#components.clock.now(), this.#earliestNow());
    this.#components.store.rememberTime(nowMs);
    this.#lastSeenMs = nowMs;
  }

  /** Forgets what expired long ago. */
  tidy(): void {
    this.#commit(this.#add([]));
  }

  close(): void {
    this.#components.store.close();
  }

  #earliestNow(): number {
    const { buildDateMs } = this.#options;
    return earliestNow({ buildDateMs, newestIssuedMs: this.#newestIssuedMs, lastSeenMs: this.#lastSeenMs });
  }

  /** Reads what is not held already, and checks its signatures; gives way now and then. */
  *#read(
    envelopes: readonly Envelope[],
    incoming: SignedStatement[],
    rejected: Rejected[],
  ): Generator<undefined, void> {
    for (const [index, envelope] of envelopes.entries()) {
      if (index > 0 && index % READ_IN_ONE_TURN === 0) yield;
      try {
        const signed = this.#recent.read(envelope);
        const held = this.statement(signed.key)?.envelope;
        if (held !== undefined && sameEnvelope(held, signed.envelope)) continue;
        checkSignatures(signed, this.#set.resolution);
        incoming.push(signed);
      } catch (error) {
        if (!(error instanceof MeshError)) throw error;
        rejected.push({ key: undefined, reason: error.message });
      }
    }
  }

  #add(incoming: readonly SignedStatement[]): Addition {
    const { meshId } = this.#view;
    return addTo(this.#set, incoming, { meshId, nowMs: this.now(), limits: this.#limits });
  }

  #commit({ set, changed, dropped }: Addition): void {
    if (set === this.#set) return;
    this.#components.store.change(changed, dropped);
    this.#set = set;
    this.#view = viewOf(set.resolution, this.#view.meshId);
    const issuedMs = newestIssued(changed, this.#options.buildDateMs);
    this.#newestIssuedMs = Math.max(this.#newestIssuedMs, issuedMs);
    this.#changed.emit(this.#view);
  }
}
