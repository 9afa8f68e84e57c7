import type { Clock } from "@pi-controller/runtime";
import { RecentMap } from "../limits/recent-map.ts";

/** A login that was sent to the provider and has not come back. */
export interface PendingLogin {
  readonly nonce: string;
  /** PKCE's secret (RFC 7636). */
  readonly codeVerifier: string;
  readonly callbackUrl: string;
}

const LIFETIME_MS = 10 * 60_000;
const MAX_PENDING = 512;

/** Logins under way, by their state: bounded, each good once and for ten minutes. */
export class PendingLogins {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #pending = new RecentMap<string, PendingLogin & { readonly untilMs: number }>(MAX_PENDING);

  constructor(components: { readonly clock: Pick<Clock, "monotonic"> }) {
    this.#clock = components.clock;
  }

  add(state: string, login: PendingLogin): void {
    this.#pending.set(state, { ...login, untilMs: this.#clock.monotonic() + LIFETIME_MS });
  }

  take(state: string): PendingLogin | undefined {
    const login = this.#pending.get(state);
    this.#pending.delete(state);
    return login === undefined || this.#clock.monotonic() >= login.untilMs ? undefined : login;
  }

  get size(): number {
    return this.#pending.size;
  }
}
