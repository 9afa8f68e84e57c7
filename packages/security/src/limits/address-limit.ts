import type { Clock } from "@pi-controller/runtime";
import { senderOf } from "./address.ts";
import { type AttemptPolicy, type Attempts, afterFailure, retryAfterMs } from "./attempts.ts";
import { RecentMap } from "./recent-map.ts";

/** For tokens, which a program has right or wrong: nobody mistypes 256 bits, but a fleet may share an address. */
const defaultPolicy: AttemptPolicy = {
  free: 20,
  initialMs: 1_000,
  maximumMs: 60_000,
  forgetAfterMs: 10 * 60_000,
};

/** Counts what was presented and wrong, by sender, in bounded memory. */
export class AddressLimit {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #policy: AttemptPolicy;
  readonly #senders: RecentMap<string, Attempts>;

  constructor(
    components: { readonly clock: Pick<Clock, "monotonic"> },
    options: { readonly policy?: AttemptPolicy; readonly maxSenders?: number } = {},
  ) {
    this.#clock = components.clock;
    this.#policy = options.policy ?? defaultPolicy;
    this.#senders = new RecentMap(options.maxSenders ?? 4_096);
  }

  /** @returns after how many ms this sender is listened to again; 0 for now */
  retryAfterMs(address: string): number {
    return retryAfterMs(this.#senders.get(senderOf(address)), this.#policy, this.#clock.monotonic());
  }

  failed(address: string): void {
    const sender = senderOf(address);
    const attempts = afterFailure(this.#senders.get(sender), this.#policy, this.#clock.monotonic());
    this.#senders.set(sender, attempts);
  }

  get size(): number {
    return this.#senders.size;
  }
}
