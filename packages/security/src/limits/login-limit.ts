import type { Clock } from "@pi-controller/runtime";
import { plainAddress, senderOf } from "./address.ts";
import {
  type AttemptPolicy,
  type Attempts,
  afterFailure,
  failuresAt,
  penaltyMs,
  retryAfterMs,
} from "./attempts.ts";
import { RecentMap } from "./recent-map.ts";

export interface LoginLimitOptions {
  readonly sender: AttemptPolicy;
  /** Whatever a user name's failures come to, nobody waits longer for them than `maximumMs`. */
  readonly userName: AttemptPolicy;
  readonly maxSenders: number;
  readonly maxUserNames: number;
}

export const defaultLoginLimits: LoginLimitOptions = {
  sender: { free: 5, initialMs: 1_000, maximumMs: 15 * 60_000, forgetAfterMs: 60 * 60_000 },
  userName: { free: 10, initialMs: 1_000, maximumMs: 30_000, forgetAfterMs: 60 * 60_000 },
  maxSenders: 4_096,
  maxUserNames: 1_024,
};

/** An attempt that was let through: it counts as failed until it is told otherwise, so that many at once count. */
export interface LoginAttempt {
  /** True when this one, if it fails, makes its sender or others wait for the first time. */
  readonly locks: boolean;
  /** The password was right. */
  succeeded(): void;
  /** The password was not looked at. */
  abandoned(): void;
}

/**
 * How often passwords may be tried: by sender, and by user name over all senders.
 *
 * A sender waits for his own failures. For those of others at the same user name he waits only from his own last
 * attempt on, and never long: who tries for the first time gets his try. So a guesser with many addresses is slow
 * at each, and cannot keep the owner out by being first whenever a wait ends.
 *
 * Who has logged in from an address before is a sender of his own there: neighbours in the same /64, which may be a
 * whole home, do not make him wait.
 *
 * A right password clears the user's name, not the sender: else a guesser with an account of his own could clear
 * himself again and again.
 */
export class LoginLimit {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #options: LoginLimitOptions;
  readonly #senders: RecentMap<string, Attempts>;
  readonly #userNames: RecentMap<string, Attempts>;
  /** Addresses with the user names that have logged in from there. */
  readonly #known: RecentMap<string, true>;

  constructor(
    components: { readonly clock: Pick<Clock, "monotonic"> },
    options: LoginLimitOptions = defaultLoginLimits,
  ) {
    this.#clock = components.clock;
    this.#options = options;
    this.#senders = new RecentMap(options.maxSenders);
    this.#userNames = new RecentMap(options.maxUserNames);
    this.#known = new RecentMap(options.maxUserNames);
  }

  /** @returns the attempt, or after how many ms one may be made */
  attempt(address: string, userName: string): LoginAttempt | { readonly retryAfterMs: number } {
    const { sender: senderPolicy, userName: userNamePolicy } = this.#options;
    const nowMs = this.#clock.monotonic();
    const owner = `${userName} at ${plainAddress(address)}`;
    const sender = this.#known.get(owner) === true ? owner : senderOf(address);
    const ofSender = this.#senders.get(sender);
    const ofUserName = this.#userNames.get(userName);
    const waitMs = Math.max(
      retryAfterMs(ofSender, senderPolicy, nowMs),
      ofSender === undefined
        ? 0
        : ofSender.lastAtMs +
            penaltyMs(failuresAt(ofUserName, userNamePolicy, nowMs), userNamePolicy) -
            nowMs,
    );
    if (waitMs > 0) return { retryAfterMs: Math.ceil(waitMs) };

    const failed = afterFailure(ofSender, senderPolicy, nowMs);
    const failedName = afterFailure(ofUserName, userNamePolicy, nowMs);
    this.#senders.set(sender, failed);
    this.#userNames.set(userName, failedName);
    return {
      locks: failed.failures === senderPolicy.free || failedName.failures === userNamePolicy.free,
      succeeded: () => {
        takeBack(this.#senders, sender);
        this.#userNames.delete(userName);
        this.#known.set(owner, true);
      },
      abandoned: () => {
        takeBack(this.#senders, sender);
        takeBack(this.#userNames, userName);
      },
    };
  }

  /** How many senders and user names are remembered. */
  get size(): number {
    return this.#senders.size + this.#userNames.size + this.#known.size;
  }
}

/** One failure less; what came meanwhile stays. */
function takeBack(counted: RecentMap<string, Attempts>, key: string): void {
  const attempts = counted.get(key);
  if (attempts === undefined) return;
  if (attempts.failures <= 1) counted.delete(key);
  else counted.set(key, { ...attempts, failures: attempts.failures - 1 });
}
