import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { AuthorityKey, Keyring, UserKey } from "../keys.ts";
import type { UserId } from "../trust/statements.ts";
import { type AttemptPolicy, type Attempts, afterFailure, retryAfterMs } from "./attempts.ts";
import { RecentMap } from "./recent-map.ts";

export interface LimitedKeyringComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly keyring: Keyring;
}

const defaultPolicy: AttemptPolicy = {
  free: 5,
  initialMs: 1_000,
  maximumMs: 5 * 60_000,
  forgetAfterMs: 60 * 60_000,
};
const MAX_USERS = 256;

/**
 * Limits how often a known user's password may be tried where it is asked for again: whoever has somebody's session
 * or token must not find out the password behind it. A login, by name, is limited where it is made: `LoginLimit`.
 */
export class LimitedKeyring implements Keyring {
  readonly #components: LimitedKeyringComponents;
  readonly #policy: AttemptPolicy;
  readonly #users = new RecentMap<UserId, Attempts>(MAX_USERS);

  constructor(components: LimitedKeyringComponents, policy: AttemptPolicy = defaultPolicy) {
    this.#components = components;
    this.#policy = policy;
  }

  unlockUser(
    name: { readonly id: UserId } | { readonly userName: string },
    password: string,
  ): Promise<UserKey> {
    const unlock = () => this.#components.keyring.unlockUser(name, password);
    return "id" in name ? this.#limited(name.id, unlock) : unlock();
  }

  unlockAuthority(user: UserId, password: string): Promise<AuthorityKey> {
    return this.#limited(user, () => this.#components.keyring.unlockAuthority(user, password));
  }

  async #limited<Key>(user: UserId, unlock: () => Promise<Key>): Promise<Key> {
    const nowMs = this.#components.clock.monotonic();
    const attempts = this.#users.get(user);
    const waitMs = retryAfterMs(attempts, this.#policy, nowMs);
    if (waitMs > 0) {
      const details = { retryAfterMs: Math.ceil(waitMs) };
      throw new MeshError("RESOURCE_EXHAUSTED", "The password was wrong too often; wait a little", details);
    }
    // Counts as wrong until it was found right, so that many at once count.
    this.#users.set(user, afterFailure(attempts, this.#policy, nowMs));
    try {
      const key = await unlock();
      this.#users.delete(user);
      return key;
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "UNAUTHENTICATED") this.#forgetOne(user);
      throw error;
    }
  }

  #forgetOne(user: UserId): void {
    const attempts = this.#users.get(user);
    if (attempts === undefined) return;
    if (attempts.failures <= 1) this.#users.delete(user);
    else this.#users.set(user, { ...attempts, failures: attempts.failures - 1 });
  }
}
