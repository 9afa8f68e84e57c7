import {
  type DatabaseFile,
  describeFailure,
  describingFailures,
  isDamage,
  isFull,
  moveAside,
  openOrReplace,
  readPage,
} from "@pi-controller/database";
import {
  type Clock,
  Emitter,
  type Logger,
  LogLimiter,
  type Random,
  repeat,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type MeshEvent } from "@pi-controller/schema";
import type { EventFilter } from "./event-filter.ts";
import { EventStore, type LoggedEvent, type StoredEvent } from "./event-store.ts";
import { ulidFactory } from "./ulid.ts";

export interface EventLogComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface EventLogOptions {
  /** Path of the database in an existing folder, or `:memory:`. */
  readonly file: string;
  /** Older events are deleted beyond this many. */
  readonly maxEvents: number;
  /** And those logged longer ago than this, ... */
  readonly maxAgeMs: number;
  /**
   * ... but for the newest so many: a clock that is years wrong, as a Pi's may be before it hears of the time,
   * must not wipe the log.
   */
  readonly minEvents: number;
  /** Size of the database; when it is reached, the older half of the events is deleted. */
  readonly maxBytes: number;
}

export const defaultRetention = {
  maxEvents: 50_000,
  maxAgeMs: 30 * 24 * 3_600_000,
  minEvents: 1_000,
  maxBytes: 64 * 2 ** 20,
} as const;

/** Events that arrive within this time are written in one transaction. */
const WRITE_DELAY_MS = 20;
/** When this many are waiting they are written at once. */
const MAX_WAITING = 500;
const RETENTION_INTERVAL_MS = 10 * 60_000;
const LOG_PERIOD_MS = 60_000;

/**
 * This peer's own record of events, in SQLite. Events are measured truth, of which loss is allowed: a
 * damaged log is moved aside with a warning and a new one begun, with another id. A log that is locked or
 * cannot be written at all stops the start; one that cannot be written later refuses events, which is
 * logged, and the peer goes on.
 */
export class EventLog implements Service {
  readonly name = "event-log";
  readonly #components: EventLogComponents;
  readonly #options: EventLogOptions;
  readonly #file: DatabaseFile;
  readonly #listeners: Emitter<LoggedEvent>;
  readonly #limiter: LogLimiter;
  #store: EventStore | undefined;
  #waiting: MeshEvent[] = [];
  /** Written, and not yet told to listeners. */
  #untold: LoggedEvent[] = [];
  #telling = false;
  #writeTimer: Timer | undefined;
  #retentionTimer: Timer | undefined;
  #damaged = false;

  constructor(components: EventLogComponents, options: EventLogOptions) {
    this.#components = components;
    this.#options = options;
    this.#file = { path: options.file, name: "event log" };
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#listeners = new Emitter((error) =>
      components.logger.error({ error }, "A listener for events has failed."),
    );
  }

  /**
   * @throws MeshError FAILED_PRECONDITION (another process has it, or a newer version wrote it),
   *   RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (cannot be opened for another reason)
   */
  async start(): Promise<void> {
    this.#store = this.#openOrReplace();
    this.#retain();
    this.#retentionTimer = repeat(
      this.#components.clock,
      () => RETENTION_INTERVAL_MS,
      () => this.#retain(),
      (error) => this.#refused(error, "Old events could not be deleted."),
    );
  }

  /** Writes what is waiting, then closes. */
  async stop(): Promise<void> {
    this.#retentionTimer?.cancel();
    this.#flush();
    this.#store?.close();
    this.#store = undefined;
    // Now, and not at the next start, which might find nothing wrong until it reads the damaged page.
    if (this.#damaged) this.#moveAside();
    this.#damaged = false;
  }

  /** Names this log: a sequence number of another one means nothing here. */
  get logId(): string {
    return this.#opened().logId;
  }

  /** Sequence number of the newest event that was ever in the log; 0 when there was none. */
  get latestSequence(): number {
    return this.#read((store) => store.newest());
  }

  /** Sequence number of the oldest event that is still there; undefined when there is none. */
  get oldestSequence(): number | undefined {
    return this.#read((store) => store.oldest());
  }

  /**
   * Takes an event, to be written within a moment. One that is there already, by its id, is left out.
   *
   * @throws MeshError UNAVAILABLE when the log was not started
   */
  append(event: MeshEvent): void {
    this.#opened();
    this.#waiting.push(event);
    if (this.#waiting.length >= MAX_WAITING) {
      this.#flush();
    } else {
      this.#writeTimer ??= this.#components.clock.setTimer(() => this.#flush(), WRITE_DELAY_MS);
    }
  }

  /** Calls back with every event once it is written, in the order of the log. */
  observe(listener: (logged: LoggedEvent) => void): Unsubscribe {
    return this.#listeners.on(listener);
  }

  /**
   * @param page `cursor`: from a page before
   * @returns newest first, in the order of arrival here
   * @throws MeshError INVALID_ARGUMENT when the cursor is not one of ours, DATA_LOSS or UNAVAILABLE when the
   *   log cannot be read
   */
  query(
    filter: EventFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): { readonly items: MeshEvent[]; readonly nextCursor: string | null } {
    const { rows, nextCursor } = readPage(page, (before, limit) =>
      this.#read((store) => store.list({ filter, after: 0, before, limit, newestFirst: true })),
    );
    return { items: this.#readable(rows).map(({ event }) => event), nextCursor };
  }

  /**
   * What came after a place in this log.
   *
   * @returns oldest first, at most `limit`
   * @throws MeshError DATA_LOSS or UNAVAILABLE when the log cannot be read
   */
  after(sequence: number, filter: EventFilter, limit: number): LoggedEvent[] {
    const range = { after: sequence, before: Number.MAX_SAFE_INTEGER, limit, newestFirst: false };
    return this.#readable(this.#read((store) => store.list({ filter, ...range })));
  }

  #opened(): EventStore {
    if (this.#store === undefined) throw new MeshError("UNAVAILABLE", "The event log is not open");
    return this.#store;
  }

  #openOrReplace(): EventStore {
    const { file, maxBytes } = this.#options;
    const newLogId = ulidFactory(this.#components)();
    const open = () => EventStore.open(this.#file, maxBytes, newLogId);
    const replace = (error: unknown) => {
      this.#components.logger.warn({ file, error }, "The event log is damaged; a new one is begun.");
      this.#moveAside();
    };
    return describingFailures(this.#file, () => openOrReplace(open, replace));
  }

  #moveAside(): void {
    const { clock, logger } = this.#components;
    const movedTo = moveAside(this.#options.file, clock.now());
    logger.warn({ movedTo }, "The damaged event log was moved aside.");
  }

  /** Writes all waiting events in one transaction and tells the listeners; a refusal is logged. */
  #flush(): void {
    this.#writeTimer?.cancel();
    this.#writeTimer = undefined;
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    try {
      this.#untold.push(...this.#addOrMakeRoom(events));
    } catch (error) {
      this.#refused(error, "The event log refused events.", { lost: events.length });
    }
    this.#tell();
  }

  #addOrMakeRoom(events: readonly MeshEvent[]): LoggedEvent[] {
    const store = this.#opened();
    const nowMs = this.#components.clock.now();
    try {
      return store.add(events, nowMs);
    } catch (error) {
      if (!isFull(error)) throw error;
      const present = store.newest() - (store.oldest() ?? store.newest());
      store.retain(Math.floor(present / 2), this.#options.minEvents, nowMs - this.#options.maxAgeMs);
      this.#limiter.limit("room", (suppressed) =>
        this.#components.logger.warn(
          { suppressed },
          "No room for events; the older half of the log was deleted.",
        ),
      );
      return store.add(events, nowMs);
    }
  }

  /** In the order of the log, also when a listener reads the log and so makes it write more. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      this.#listeners.emit(next);
    }
    this.#telling = false;
  }

  #retain(): void {
    const { maxEvents, minEvents, maxAgeMs } = this.#options;
    try {
      this.#opened().retain(maxEvents, minEvents, this.#components.clock.now() - maxAgeMs);
    } catch (error) {
      this.#refused(error, "Old events could not be deleted.");
    }
  }

  #refused(error: unknown, message: string, fields: object = {}): void {
    this.#damaged ||= isDamage(error);
    const failure = describeFailure(error, this.#file);
    this.#limiter.limit(message, (suppressed) =>
      this.#components.logger.error({ error: failure, suppressed, ...fields }, message),
    );
  }

  #read<T>(work: (store: EventStore) => T): T {
    this.#flush();
    try {
      return work(this.#opened());
    } catch (error) {
      this.#damaged ||= isDamage(error);
      throw describeFailure(error, this.#file);
    }
  }

  #readable(stored: readonly StoredEvent[]): LoggedEvent[] {
    return stored.flatMap(({ sequence, event }) => {
      if (event !== undefined) return [{ sequence, event }];
      this.#limiter.limit("row", (suppressed) =>
        this.#components.logger.warn({ sequence, suppressed }, "Skipped a logged event that cannot be read."),
      );
      return [];
    });
  }
}
