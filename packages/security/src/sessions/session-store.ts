import { hash, randomBytes } from "node:crypto";
import { type Clock, type Logger, LogLimiter, type Service, type Timer } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { delegationKey, openDelegation, sealDelegation } from "./sealed-delegation.ts";
import type { Session } from "./session.ts";
import { SessionDatabase, type StoredSession } from "./session-database.ts";
import { fromStored, hasEnded, type Now, type SessionLimits, toStored } from "./session-times.ts";

export interface SessionStoreComponents {
  readonly clock: Pick<Clock, "monotonic" | "setTimer">;
  /** Wall clock of the mesh, see `TrustPort.now`. */
  readonly trust: { now(): number };
  readonly logger: Logger;
}

export interface SessionStoreOptions extends SessionLimits {
  /** Path of `sessions.db` in an existing folder, or `:memory:`. */
  readonly file: string;
  /** The one that was not used for longest ends when a user has more, ... */
  readonly maxPerUser: number;
  /** ... or all together. */
  readonly maxSessions: number;
}

export const defaultSessionOptions = {
  idleMs: 8 * 3_600_000,
  absoluteMs: 7 * 86_400_000,
  maxPerUser: 50,
  maxSessions: 2_000,
} as const;

/** How late a use may be written: an SD card is spared, and a power cut costs a session a minute of idle time. */
const WRITE_USE_AFTER_MS = 60_000;
const LOG_PERIOD_MS = 60_000;
const SECRET_BYTES = 32;
const MAX_USER_AGENT = 200;
const MAX_ADDRESS = 64;

export type NewSession = Omit<Session, "id" | "secretHash" | "sealedDelegation" | "times">;

/**
 * The sessions of this node: all in memory, where a request finds its own, and on disk. A disk that fails keeps
 * nobody from logging in or out; what it missed is written when it works again.
 */
export class SessionStore implements Service {
  readonly name = "sessions";
  readonly #components: SessionStoreComponents;
  readonly #options: SessionStoreOptions;
  readonly #logs: LogLimiter;
  readonly #bySecret = new Map<string, Session>();
  readonly #byId = new Map<string, Session>();
  /** Of the sessions whose secret was shown since the start: seals their delegations. By session. */
  readonly #delegationKeys = new Map<string, Uint8Array>();
  /** Sessions of which the disk does not know the latest, ended ones among them. */
  readonly #unwritten = new Set<string>();
  #rewriteAll = false;
  #database: SessionDatabase | undefined;
  #timer: Timer | undefined;

  constructor(components: SessionStoreComponents, options: SessionStoreOptions) {
    this.#components = components;
    this.#options = options;
    this.#logs = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  /** @throws MeshError when the file cannot be used */
  async start(): Promise<void> {
    const { logger } = this.#components;
    this.#database = SessionDatabase.open(this.#options.file, (error) => {
      logger.warn(
        { err: error, file: this.#options.file },
        "The file of sessions is damaged; all have to log in again.",
      );
    });
    const now = this.#now();
    for (const { usedAtMs, ageMs, ...stored } of this.#database.all()) {
      const session = { ...stored, delegation: null, times: fromStored({ usedAtMs, ageMs }, now) };
      if (hasEnded(session.times, this.#options, now)) this.#unwritten.add(session.id);
      else this.#remember(session);
    }
    this.#write();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    // All of them: the wall clock may have been set since some were written.
    this.#rewriteAll = true;
    this.#write();
    this.#database?.close();
    this.#database = undefined;
    this.#bySecret.clear();
    this.#byId.clear();
    this.#delegationKeys.clear();
  }

  /** @returns the session, and the secret that finds it: shown once */
  create(fields: NewSession): { readonly secret: string; readonly session: Session } {
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const { monotonicMs } = this.#now();
    const id = randomBytes(8).toString("hex");
    const key = delegationKey(secret);
    const session: Session = {
      ...fields,
      id,
      sealedDelegation: sealDelegation(key, id, fields.delegation),
      secretHash: hashOf(secret),
      address: fields.address.slice(0, MAX_ADDRESS),
      userAgent: fields.userAgent.slice(0, MAX_USER_AGENT),
      times: { beganMs: monotonicMs, usedMs: monotonicMs },
    };
    this.#makeRoom(session.userId);
    this.#delegationKeys.set(id, key);
    this.#remember(session);
    this.#changed(session.id);
    this.#write();
    return { secret, session };
  }

  /** Finds the session of a secret. @param use false for a look that keeps it no longer alive */
  find(secret: string, use = true): Session | undefined {
    const found = this.#bySecret.get(hashOf(secret));
    if (found === undefined) return undefined;
    const session = this.#delegationKeys.has(found.id) ? found : this.#opened(found, secret);
    const now = this.#now();
    if (hasEnded(session.times, this.#options, now)) {
      this.end([session.id]);
      return undefined;
    }
    return use ? this.#use(session, now) : session;
  }

  get(id: string): Session | undefined {
    const session = this.#byId.get(id);
    return session === undefined || hasEnded(session.times, this.#options, this.#now()) ? undefined : session;
  }

  /** All that have not ended. */
  list(): readonly Session[] {
    const now = this.#now();
    return [...this.#byId.values()].filter((session) => !hasEnded(session.times, this.#options, now));
  }

  /** Replaces what a password change renews. Does nothing for a session that has ended. */
  renew(
    id: string,
    fields: Partial<Pick<Session, "credentialVersion" | "userVersion" | "delegation">>,
  ): void {
    const session = this.#byId.get(id);
    if (session === undefined) return;
    const renewed = { ...session, ...fields };
    const key = this.#delegationKeys.get(id);
    const sealedDelegation = key === undefined ? null : sealDelegation(key, id, renewed.delegation);
    this.#remember({ ...renewed, sealedDelegation });
    this.#changed(id);
    this.#write();
  }

  /** @returns how many there were */
  end(ids: readonly string[]): number {
    const ended = ids.flatMap((id) => this.#byId.get(id) ?? []);
    for (const session of ended) {
      this.#byId.delete(session.id);
      this.#bySecret.delete(session.secretHash);
      this.#delegationKeys.delete(session.id);
      this.#changed(session.id);
    }
    if (ended.length > 0) this.#write();
    return ended.length;
  }

  get limits(): SessionLimits {
    return this.#options;
  }

  /** With what only its secret opens. */
  #opened(session: Session, secret: string): Session {
    const key = delegationKey(secret);
    this.#delegationKeys.set(session.id, key);
    try {
      const opened = { ...session, delegation: openDelegation(key, session.id, session.sealedDelegation) };
      this.#remember(opened);
      return opened;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#components.logger.warn(
        { err: error, session: session.id },
        "A session is damaged on the disk: it is good for this node alone",
      );
      return session;
    }
  }

  #use(session: Session, now: Now): Session {
    const used = { ...session, times: { ...session.times, usedMs: now.monotonicMs } };
    this.#remember(used);
    this.#changed(session.id);
    return used;
  }

  #remember(session: Session): void {
    this.#bySecret.set(session.secretHash, session);
    this.#byId.set(session.id, session);
  }

  /** Ends what has ended by itself, and, where there are too many, what was not used for longest. */
  #makeRoom(userId: string): void {
    const { maxPerUser, maxSessions } = this.#options;
    const now = this.#now();
    const over = new Set<Session>();
    for (const session of this.#byId.values()) {
      if (hasEnded(session.times, this.#options, now)) over.add(session);
    }
    const byUse = [...this.#byId.values()]
      .filter((session) => !over.has(session))
      .toSorted((one, other) => one.times.usedMs - other.times.usedMs);
    const own = byUse.filter((session) => session.userId === userId);
    for (const session of own.slice(0, Math.max(0, own.length - maxPerUser + 1))) over.add(session);
    const rest = byUse.filter((session) => !over.has(session));
    for (const session of rest.slice(0, Math.max(0, rest.length - maxSessions + 1))) over.add(session);
    this.end([...over].map(({ id }) => id));
  }

  /** Notes what has to be written, and sees to it that it is within a minute. */
  #changed(id: string): void {
    this.#unwritten.add(id);
    this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= this.#components.clock.setTimer(() => {
      this.#timer = undefined;
      this.#write();
    }, WRITE_USE_AFTER_MS);
  }

  #write(): void {
    if (this.#database === undefined || (this.#unwritten.size === 0 && !this.#rewriteAll)) return;
    const now = this.#now();
    const ids = this.#rewriteAll ? [...this.#byId.keys()] : [...this.#unwritten];
    const put = ids.flatMap((id): StoredSession[] => {
      const session = this.#byId.get(id);
      if (session === undefined) return [];
      const { times, delegation: _delegation, ...stored } = session;
      return [{ ...stored, ...toStored(times, now) }];
    });
    const remove = this.#rewriteAll ? "all" : ids.filter((id) => !this.#byId.has(id));
    try {
      this.#database.write({ put, remove });
      this.#unwritten.clear();
      this.#rewriteAll = false;
    } catch (error) {
      this.#logs.limit("write", (suppressed) => {
        this.#components.logger.error({ err: error, suppressed }, "Sessions cannot be written to the disk.");
      });
      if (this.#unwritten.size > 2 * this.#options.maxSessions) {
        this.#unwritten.clear();
        this.#rewriteAll = true;
      }
      this.#writeLater();
    }
  }

  #now(): Now {
    return { wallMs: this.#components.trust.now(), monotonicMs: this.#components.clock.monotonic() };
  }
}

function hashOf(secret: string): string {
  return hash("sha256", secret, "base64url");
}
