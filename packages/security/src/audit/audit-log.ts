import {
  type DatabaseFile,
  describeFailure,
  describingFailures,
  isFull,
  moveAside,
  openOrReplace,
  readPage,
} from "@pi-controller/database";
import {
  type Clock,
  type Logger,
  LogLimiter,
  repeat,
  type Service,
  type Timer,
} from "@pi-controller/runtime";
import {
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  MeshError,
  type NodeId,
} from "@pi-controller/schema";
import type { AuditEntry } from "../use-cases.ts";
import { bounded, parseRecord, type UnchainedRecord } from "./audit-record.ts";
import { AuditStore } from "./audit-store.ts";
import { type ChainState, ChainWatch } from "./chain-watch.ts";
import { type AuditRetention, BLOCK, cutUpTo } from "./retention.ts";

export interface AuditLogComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Wall clock in ms, as far as it can be trusted. */
  readonly now: () => number;
}

export interface AuditLogOptions {
  /** Path of the database in an existing folder. */
  readonly file: string;
  readonly node: NodeId;
  readonly retention?: Partial<AuditRetention>;
  readonly maxBytes?: number;
}

export interface AuditCounters {
  readonly written: number;
  readonly lost: number;
}

type Waiting = Omit<UnchainedRecord, "sequence">;

export const defaultAuditRetention: AuditRetention = {
  maxRecords: 50_000,
  maxAgeMs: 365 * 24 * 3_600_000,
  minRecords: 1_000,
};
/** 50,000 records of some 400 bytes, and room for their index and for long ones. */
const MAX_BYTES = 64 * 2 ** 20;
/** Records that come within this time share one write to the disk. */
const WRITE_DELAY_MS = 500;
/** Beyond this many that wait for a disk that takes none, new ones are lost, and counted. */
const MAX_WAITING = 2_000;
/** In one transaction: where room is short, some is better than nothing. */
const WRITE_BATCH = 250;
const RETRY_MS = 10_000;
const RETENTION_INTERVAL_MS = 10 * 60_000;
const LOG_PERIOD_MS = 60_000;

/**
 * What this node was asked to do, by whom, and what came of it: append-only, each record chained to the one before.
 * What somebody changed afterwards is found and told, in the log itself too, and never mended.
 */
export class AuditLog implements Service {
  readonly name = "audit-log";
  readonly #components: AuditLogComponents;
  readonly #options: AuditLogOptions;
  readonly #file: DatabaseFile;
  readonly #retention: AuditRetention;
  readonly #limiter: LogLimiter;
  readonly #watch: ChainWatch;
  #store: AuditStore | undefined;
  #waiting: Waiting[] = [];
  #writeTimer: Timer | undefined;
  #retentionTimer: Timer | undefined;
  #counters: AuditCounters = { written: 0, lost: 0 };
  /** Not yet told of in the log itself. */
  #untoldLoss = 0;

  constructor(components: AuditLogComponents, options: AuditLogOptions) {
    this.#components = components;
    this.#options = options;
    this.#file = { path: options.file, name: "audit log" };
    this.#retention = { ...defaultAuditRetention, ...options.retention };
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#watch = new ChainWatch({
      clock: components.clock,
      store: () => this.#opened(),
      onProblem: (problem) => this.#tellProblem(problem),
      onFailure: (error) => this.#refused(error, "The audit log could not be checked"),
    });
  }

  /**
   * @throws MeshError FAILED_PRECONDITION (another process has it, or a newer version wrote it),
   *   RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (cannot be opened for another reason)
   */
  async start(): Promise<void> {
    this.#store = this.#openOrReplace();
    this.#retentionTimer = repeat(
      this.#components.clock,
      () => RETENTION_INTERVAL_MS,
      () => this.#retain(),
      () => undefined,
    );
    this.#retain();
    this.#watch.start();
  }

  /** Writes what is waiting, then closes. */
  async stop(): Promise<void> {
    this.#retentionTimer?.cancel();
    await this.#watch.stop();
    this.#flush();
    this.#writeTimer?.cancel();
    this.#writeTimer = undefined;
    if (this.#store !== undefined && this.#waiting.length > 0) {
      this.#lose(this.#waiting.length, new MeshError("UNAVAILABLE", "The peer stops"));
      this.#waiting = [];
    }
    this.#store?.close();
    this.#store = undefined;
  }

  get counters(): AuditCounters {
    return this.#counters;
  }

  /** On the disk within a second. Never throws: what cannot be written is logged and counted. */
  record(entry: AuditEntry): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lose(1, new MeshError("RESOURCE_EXHAUSTED", "Too many audit records wait to be written"));
      return;
    }
    const at = new Date(this.#components.now()).toISOString();
    this.#waiting.push({ at, node: this.#options.node, ...bounded(entry) });
    this.#writeSoon(WRITE_DELAY_MS);
  }

  /**
   * This node's own log, newest first.
   *
   * @throws MeshError INVALID_ARGUMENT for a cursor that no page gave, UNAVAILABLE, DATA_LOSS
   */
  async query(query: Omit<AuditQuery, "node">): Promise<AuditPage> {
    this.#flush();
    const chain = await this.#readChain();
    const { rows, nextCursor } = readPage(query, (before, limit) =>
      this.#read((store) => store.list(query, before, limit)),
    );
    const items = rows.flatMap((row): AuditRecord[] => {
      const record = parseRecord(row);
      return record === undefined ? [] : [record];
    });
    return { node: this.#options.node, items, nextCursor, chain };
  }

  /** Whether the chain is whole: checked at the start, and again when that was long ago. */
  chain(): Promise<ChainState> {
    return this.#watch.state();
  }

  async #readChain(): Promise<ChainState> {
    try {
      return await this.chain();
    } catch (error) {
      throw describeFailure(error, this.#file);
    }
  }

  #tellProblem(problem: string): void {
    const { file } = this.#options;
    this.#components.logger.error({ file, problem }, "The audit log was tampered with or damaged");
    this.#recordOwn("audit check", problem);
  }

  #recordOwn(action: string, detail: string): void {
    const { node } = this.#options;
    const entry = {
      actor: node,
      userId: null,
      via: "none",
      address: "",
      target: "audit log",
      correlationId: "",
    };
    this.record({ ...entry, action, outcome: "failed", detail });
  }

  #writeSoon(delayMs: number): void {
    this.#writeTimer ??= this.#components.clock.setTimer(() => {
      this.#writeTimer = undefined;
      this.#flush();
    }, delayMs);
  }

  /** Writes all that waits, some at a time. What the disk refuses waits on, within bounds. */
  #flush(): void {
    if (this.#store === undefined) return;
    try {
      while (this.#waiting.length > 0) {
        const records = this.#waiting.slice(0, WRITE_BATCH);
        this.#appendOrMakeRoom(records);
        this.#waiting = this.#waiting.slice(records.length);
        this.#counters = { ...this.#counters, written: this.#counters.written + records.length };
      }
    } catch (error) {
      this.#refused(error, "The audit log refused records; they wait");
      this.#writeSoon(RETRY_MS);
      return;
    }
    if (this.#untoldLoss === 0) return;
    const lost = this.#untoldLoss;
    this.#untoldLoss = 0;
    this.#recordOwn("audit write", `${lost} records could not be written`);
  }

  #appendOrMakeRoom(records: readonly Waiting[]): void {
    const store = this.#opened();
    try {
      store.append(records);
    } catch (error) {
      if (!isFull(error)) throw error;
      const upTo = store.anchor().sequence + BLOCK;
      if (store.head().sequence - upTo < this.#retention.minRecords) throw error;
      store.cut(upTo);
      this.#limiter.limit("room", () =>
        this.#components.logger.warn({ upTo }, "No room for audit records; the oldest were deleted"),
      );
      store.append(records);
    }
  }

  #retain(): void {
    try {
      const store = this.#opened();
      const [anchor, head] = [store.anchor(), store.head()];
      const aged = store.newestBefore(this.#components.now() - this.#retention.maxAgeMs, head.sequence);
      const upTo = cutUpTo(anchor, head, aged, this.#retention);
      if (upTo !== undefined) store.cut(upTo);
    } catch (error) {
      this.#refused(error, "Old audit records could not be deleted");
    }
  }

  #lose(count: number, error: unknown): void {
    this.#counters = { ...this.#counters, lost: this.#counters.lost + count };
    this.#untoldLoss += count;
    this.#refused(error, "Audit records are lost");
  }

  #refused(error: unknown, message: string): void {
    const failure = describeFailure(error, this.#file);
    const { lost } = this.#counters;
    this.#limiter.limit(message, (suppressed) =>
      this.#components.logger.error({ err: failure, suppressed, lost }, message),
    );
  }

  #openOrReplace(): AuditStore {
    const { file, maxBytes = MAX_BYTES } = this.#options;
    const open = () => AuditStore.open(this.#file, maxBytes);
    const replace = (error: unknown) => {
      const movedTo = moveAside(file, this.#components.now());
      this.#components.logger.error({ movedTo, err: error }, "The audit log is damaged; a new one is begun");
      this.#recordOwn("audit replacement", "the log before was damaged, and moved aside");
    };
    return describingFailures(this.#file, () => openOrReplace(open, replace));
  }

  #opened(): AuditStore {
    if (this.#store === undefined) throw new MeshError("UNAVAILABLE", "The audit log is not open");
    return this.#store;
  }

  #read<T>(work: (store: AuditStore) => T): T {
    return describingFailures(this.#file, () => work(this.#opened()));
  }
}
