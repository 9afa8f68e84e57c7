import { type Collection, defineCollection, type WritableDocument } from "@pi-controller/document";
import {
  backoffMs,
  type Clock,
  type Logger,
  LogLimiter,
  type Random,
  repeat,
  type Service,
  sleep,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { isOutdated, isOver } from "./retention.ts";
import { readEnvelope, type SignedStatement, sameEnvelope } from "./signed-statement.ts";
import { type Envelope, envelopeSchema } from "./statements.ts";
import type { Trust } from "./trust.ts";

/** Statements on their way, in the mesh document: id is the key. Nobody believes it; each peer verifies. */
export const trustCollection = defineCollection({ name: "trust", schema: envelopeSchema });

/** Records that are taken in, and put back, in one step. */
const BATCH = 500;
/**
 * Records without a place among what stands that are looked at in one pass: a hostile member may write many. All of
 * them have their turn, in as many passes as it takes.
 */
const MAX_LOOKED_AT = 500;
const NEXT_PASS_MS = 250;
/** The document may wait for other peers before it takes anything: whoever publishes need not wait as long. */
const PUBLISH_WITHIN_MS = 2_000;
const TAKE_WITHIN_MS = 50;
const HOUR_MS = 3_600_000;
const LOG_PERIOD_MS = 60_000;
const NONE: ReadonlyMap<string, Envelope> = new Map();

/** Not at once, as all other peers want to put the same record back; ever slower against who keeps deleting it. */
const PUT_BACK = { initialMs: 1_000, maximumMs: 60_000, jitterFraction: 0.8 };
/** When nothing had to be put back for this long, the next time is as the first one. */
const QUIET_MS = 120_000;

export interface TrustCarrierComponents {
  readonly trust: Pick<
    Trust,
    "statement" | "statements" | "merge" | "observe" | "onPublish" | "now" | "rememberTime" | "tidy"
  >;
  readonly document: Pick<WritableDocument, "collection" | "transact">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A key whose record has to be written, and the record that was there when that was found. */
interface Missing {
  readonly key: string;
  readonly seen: Envelope | undefined;
}

/**
 * Carries statements to and from the mesh document. The document is a carrier and no more: what is missing there,
 * older or not genuine is put back by every peer that knows better.
 */
export class TrustCarrier implements Service {
  readonly name = "trust carrier";
  readonly #components: TrustCarrierComponents;
  readonly #logLimiter: LogLimiter;
  readonly #subscriptions: Unsubscribe[] = [];
  readonly #readRecords = new WeakMap<Envelope, SignedStatement | null>();
  /** Ids of records that have changed since they were last read. */
  readonly #changed = new Set<string>();
  /** How many records are still to be read again, and from which one on: not always the same ones come first. */
  #toReread = 0;
  #place = 0;
  #takeTimer: Timer | undefined;
  #taking: Promise<void> = Promise.resolve();
  #stopped = false;
  #housekeeping: Timer | undefined;
  #putBackTimer: Timer | undefined;
  #rounds = 0;
  #lastWriteMs = Number.NEGATIVE_INFINITY;

  constructor(components: TrustCarrierComponents) {
    this.#components = components;
    this.#logLimiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  async start(): Promise<void> {
    const { trust, clock, logger } = this.#components;
    this.#subscriptions.push(
      this.#records().observe((changes) => {
        for (const { id } of changes) this.#changed.add(id);
        this.#scheduleTake();
        this.#schedulePutBack();
      }),
      // What could not be verified before may be now; what stands now may be missing there.
      trust.observe(() => {
        this.#rereadAll();
        this.#scheduleTake();
        this.#schedulePutBack();
      }),
      trust.onPublish((keys) => this.#carry(keys)),
    );
    this.#housekeeping = repeat(
      clock,
      () => HOUR_MS,
      () => this.#keepHouse(),
      (error) => logger.error({ err: error }, "Statements that are over could not be cleared away"),
    );
    this.#rereadAll();
    await this.#take();
    this.#schedulePutBack();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    for (const timer of [this.#housekeeping, this.#takeTimer, this.#putBackTimer]) timer?.cancel();
    await this.#taking;
  }

  #records(): Collection<Envelope> {
    return this.#components.document.collection(trustCollection);
  }

  /** What a record says; nothing when it is no statement. Records stay the same objects until they change. */
  #read(envelope: Envelope): SignedStatement | undefined {
    let read = this.#readRecords.get(envelope);
    if (read === undefined) {
      read = readOrNull(envelope);
      this.#readRecords.set(envelope, read);
    }
    return read ?? undefined;
  }

  #rereadAll(): void {
    this.#toReread = this.#records().all().length;
  }

  /** What comes in a bunch is verified in a bunch: each time costs some milliseconds in a large mesh. */
  #scheduleTake(withinMs = TAKE_WITHIN_MS): void {
    if (this.#takeTimer !== undefined || this.#stopped) return;
    this.#takeTimer = this.#components.clock.setTimer(() => {
      this.#takeTimer = undefined;
      this.#taking = this.#taking.then(() => this.#take());
    }, withinMs);
  }

  /** Never rejects. */
  async #take(): Promise<void> {
    const unknown = this.#nextUnknown();
    if (this.#changed.size > 0 || this.#toReread > 0) this.#scheduleTake(NEXT_PASS_MS);
    await this.#takeIn(unknown);
  }

  /** What is to be looked at in one pass: of what has changed, and of what is read again. */
  #nextUnknown(): Envelope[] {
    const records = this.#records();
    const unknown: Envelope[] = [];
    const { trust } = this.#components;
    const add = (envelope: Envelope | undefined, held: Envelope | undefined): void => {
      if (envelope === undefined || (held !== undefined && sameEnvelope(held, envelope))) return;
      if (!this.#isHeld(envelope)) unknown.push(envelope);
    };
    for (const id of this.#changed) {
      // Room is left for the others: whoever changes many again and again keeps nothing from being read.
      if (unknown.length >= MAX_LOOKED_AT / 2) break;
      this.#changed.delete(id);
      add(records.get(id), trust.statement(id)?.envelope);
    }
    const all = this.#toReread > 0 ? records.all() : [];
    // Nearly all of them stand: those need not be taken apart again to find that out.
    const standing = this.#toReread > 0 ? byText(trust.statements()) : NONE;
    for (; this.#toReread > 0 && unknown.length < MAX_LOOKED_AT; this.#toReread--) {
      const envelope = all[this.#place % all.length];
      add(envelope, envelope && standing.get(envelope.statement));
      this.#place = (this.#place + 1) % Math.max(1, all.length);
    }
    return unknown;
  }

  /** Never rejects. */
  async #takeIn(envelopes: readonly Envelope[]): Promise<void> {
    if (envelopes.length === 0) return;
    try {
      await this.#components.trust.merge(envelopes);
    } catch (error) {
      this.#report(error, "Statements could not be stored");
    }
  }

  /** A look at the key, without verifying anything. */
  #isHeld(envelope: Envelope): boolean {
    const key = this.#read(envelope)?.key;
    // What is no statement is of no use, either.
    if (key === undefined) return true;
    const held = this.#components.trust.statement(key);
    return held !== undefined && sameEnvelope(held.envelope, envelope);
  }

  #schedulePutBack(): void {
    const { clock, random } = this.#components;
    if (this.#putBackTimer !== undefined || this.#stopped) return;
    if (clock.monotonic() - this.#lastWriteMs > QUIET_MS) this.#rounds = 0;
    this.#putBackTimer = clock.setTimer(
      () => void this.#putBack(),
      backoffMs(this.#rounds + 1, PUT_BACK, random),
    );
  }

  async #putBack(): Promise<void> {
    this.#putBackTimer = undefined;
    this.#taking = this.#taking.then(() => this.#take());
    await this.#taking;
    if (this.#stopped) return;
    const { trust } = this.#components;
    const different = this.#missing(trust.statements()).slice(0, BATCH);
    // What is there in their place may not have had its turn yet, and be newer.
    await this.#takeIn(different.flatMap(({ seen }) => seen ?? []));
    const statements = different
      .map(({ key }) => trust.statement(key))
      .filter((signed) => signed !== undefined);
    const missing = this.#missing(statements);
    if (missing.length === 0) return;
    this.#rounds++;
    this.#lastWriteMs = this.#components.clock.monotonic();
    await this.#write(missing);
    this.#schedulePutBack();
  }

  /** What the document lacks, or has otherwise. */
  #missing(statements: Iterable<SignedStatement>): Missing[] {
    const { trust } = this.#components;
    const records = this.#records();
    const nowMs = trust.now();
    return [...statements].flatMap(({ key, envelope, statement }) => {
      const seen = records.get(key);
      if (seen !== undefined && sameEnvelope(seen, envelope)) return [];
      return isOutdated(statement, nowMs) ? [] : [{ key, seen }];
    });
  }

  /** What was made here goes out at once. It is on this disk: when it cannot be written there now, it will be later. */
  async #carry(keys: readonly string[]): Promise<void> {
    const { trust } = this.#components;
    const statements = keys.map((key) => trust.statement(key)).filter((signed) => signed !== undefined);
    const missing = this.#missing(statements);
    const writing = this.#writeAll(missing);
    await Promise.race([writing, sleep(this.#components.clock, PUBLISH_WITHIN_MS)]);
  }

  async #writeAll(missing: readonly Missing[]): Promise<void> {
    for (let start = 0; start < missing.length; start += BATCH) {
      await this.#write(missing.slice(start, start + BATCH));
    }
  }

  async #write(missing: readonly Missing[]): Promise<void> {
    const { document, trust } = this.#components;
    try {
      await document.transact((transaction) => {
        for (const { key, seen } of missing) {
          // What somebody else has written meanwhile is looked at first: it may be newer than what is known here.
          if (transaction.get(trustCollection, key) !== seen) continue;
          const envelope = trust.statement(key)?.envelope;
          if (envelope !== undefined) transaction.put(trustCollection, key, envelope);
        }
      });
    } catch (error) {
      this.#report(error, "Statements could not be written to the mesh document");
    }
  }

  async #keepHouse(): Promise<void> {
    const { trust, document } = this.#components;
    trust.rememberTime();
    trust.tidy();
    const nowMs = trust.now();
    const isDeleted = (user: string) => {
      const known = trust.statement(`user/${user}`)?.statement;
      return known?.kind === "user" && known.deleted;
    };
    const over = this.#records()
      .all()
      .map((envelope) => this.#read(envelope))
      .filter((signed) => signed !== undefined)
      .filter(
        ({ key, statement }) => trust.statement(key) === undefined && isOver(statement, nowMs, isDeleted),
      )
      .slice(0, BATCH);
    if (over.length === 0) return;
    await document.transact((transaction) => {
      for (const { key } of over) transaction.delete(trustCollection, key);
    });
  }

  #report(error: unknown, message: string): void {
    const { logger } = this.#components;
    // The document stops, too.
    if (this.#stopped) return;
    this.#logLimiter.limit(message, (suppressed) => logger.error({ err: error, suppressed }, message));
  }
}

function byText(statements: Iterable<SignedStatement>): ReadonlyMap<string, Envelope> {
  return new Map([...statements].map(({ envelope }) => [envelope.statement, envelope]));
}

function readOrNull(envelope: Envelope): SignedStatement | null {
  try {
    return readEnvelope(envelope);
  } catch (error) {
    if (error instanceof MeshError) return null;
    throw error;
  }
}
