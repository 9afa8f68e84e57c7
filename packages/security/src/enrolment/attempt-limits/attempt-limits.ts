import { type Clock, type Logger, RateLimiter } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { senderOf } from "../../limits/address.ts";
import {
  type AttemptPolicy,
  type Attempts,
  afterFailure,
  penaltyMs,
  retryAfterMs,
} from "../../limits/attempts.ts";

/** Four wrong codes cost nothing; the fifth costs a minute, each one after it twice as much, up to an hour. */
export const codePolicy: AttemptPolicy = {
  free: 5,
  initialMs: 60_000,
  maximumMs: 3_600_000,
  forgetAfterMs: 24 * 3_600_000,
};

/** Where lock-outs outlive a restart: how many wrong codes each source that is locked out has shown. */
export interface LockOutStore {
  load(): Promise<ReadonlyMap<string, number>>;
  save(failures: ReadonlyMap<string, number>): Promise<void>;
}

interface Components {
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
  readonly store: LockOutStore;
}

/** Sources of which anything is remembered; whose last attempt is longest ago is forgotten when there are more. */
const MAX_SOURCES = 1_000;
const ALL = "all";

/**
 * How often the set-up code of this node may be tried, over the mesh port and the set-up page together.
 *
 * A code of 80 bits and more needs no lock-out against guessing: at one proof a second, a chance of one in a
 * million takes 10^10 years. What has to be kept in bounds is the work that strangers cause. So nothing that one
 * source does locks out another: wrong codes lock out their own source, by its address, since peer ids cost
 * nothing to make. Over all sources only the rate is limited. Who sends from very many addresses at once can slow
 * others down for as long as he goes on, and no longer.
 */
export class AttemptLimits {
  readonly #components: Components;
  readonly #failures = new Map<string, Attempts>();
  readonly #greetings = new RateLimiter({ perSecond: 2, burst: 20, maxSenders: MAX_SOURCES });
  readonly #allGreetings = new RateLimiter({ perSecond: 20, burst: 60, maxSenders: 1 });
  readonly #allProofs = new RateLimiter({ perSecond: 1, burst: 20, maxSenders: 1 });
  #saving: Promise<void> = Promise.resolve();

  constructor(components: Components) {
    this.#components = components;
  }

  /** Lock-outs that were there when the node stopped begin anew: it does not know how long that is ago. */
  async load(): Promise<void> {
    const { clock, store } = this.#components;
    const saved = await store.load();
    for (const [source, failures] of [...saved].slice(-MAX_SOURCES)) {
      this.#failures.set(source, { failures, lastAtMs: clock.monotonic() });
    }
  }

  /** Resolves when what is to outlive a restart is stored, as far as it can be. */
  saved(): Promise<void> {
    return this.#saving;
  }

  /** Counts somebody who begins an attempt. @throws MeshError RESOURCE_EXHAUSTED when there are too many */
  greet(address: string): void {
    const nowMs = this.#components.clock.monotonic();
    // His own share first, so that somebody beyond it takes nothing from the others'.
    const waitMs = this.#greetings.take(senderOf(address), nowMs) || this.#allGreetings.take(ALL, nowMs);
    if (waitMs > 0) throw tooMany("There are too many attempts to enrol this node", waitMs);
  }

  /** To be called before a code is looked at. @throws MeshError RESOURCE_EXHAUSTED: not even a right one counts */
  tryCode(address: string): void {
    const lockedMs = this.lockedMs(address);
    if (lockedMs > 0) throw tooMany("Too many wrong set-up codes came from this address", lockedMs);
    const waitMs = this.#allProofs.take(ALL, this.#components.clock.monotonic());
    if (waitMs > 0) throw tooMany("Too many set-up codes are being tried on this node", waitMs);
  }

  /** Takes note of a wrong code. */
  failed(address: string): void {
    const source = senderOf(address);
    const known = this.#failures.get(source);
    const attempts = afterFailure(known, codePolicy, this.#components.clock.monotonic());
    this.#failures.delete(source);
    this.#failures.set(source, attempts);
    if (this.#failures.size > MAX_SOURCES) this.#forgetOldest();
    const lockedForMs = penaltyMs(attempts.failures, codePolicy);
    if (lockedForMs === 0) return;
    const message = "Too many wrong set-up codes came from one address, which is locked out for a time";
    this.#components.logger.warn({ address, wrongCodes: attempts.failures, lockedForMs }, message);
    this.#save();
  }

  /** @returns for how many ms this address is locked out, 0 when it is not */
  lockedMs(address: string): number {
    const attempts = this.#failures.get(senderOf(address));
    return retryAfterMs(attempts, codePolicy, this.#components.clock.monotonic());
  }

  #forgetOldest(): void {
    for (const source of this.#failures.keys()) {
      this.#failures.delete(source);
      return;
    }
  }

  /** One after the other; only lock-outs, of which one source can cause a few an hour. */
  #save(): void {
    const { logger, store } = this.#components;
    const counts = [...this.#failures].map(([source, { failures }]) => [source, failures] as const);
    const locked = new Map(counts.filter(([, failures]) => penaltyMs(failures, codePolicy) > 0));
    this.#saving = this.#saving
      .then(() => store.save(locked))
      .catch((error: unknown) =>
        logger.warn({ error }, "Lock-outs could not be stored: a restart ends them"),
      );
  }
}

function tooMany(message: string, waitMs: number): MeshError {
  return new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: Math.ceil(waitMs) });
}
