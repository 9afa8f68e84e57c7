import { MeshError, type NodeId } from "@pi-controller/schema";
import { RecentMap } from "../limits/recent-map.ts";
import type { TrustPort, TrustView } from "../trust/trust-port.ts";
import type {
  Acting,
  Authenticator,
  EvidenceUseCases,
  PresentedCredentials,
  Principal,
  SessionUseCases,
} from "../use-cases.ts";

export interface EvidenceComponents {
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly sessions: Pick<SessionUseCases, "jwt">;
  readonly authenticator: Pick<Authenticator, "authenticate" | "stillValid">;
}

/** It still has to be good when it gets there, by a clock that is a little ahead. */
const LEFT_MS = 60_000;
/** Users and programs that ask other nodes at the same time. */
const MAX_KEPT = 256;

interface Kept {
  readonly token: string;
  readonly untilMs: number;
}

/**
 * JWTs that peers show each other as proof of who asks. One that was made is shown again for as long as it is good and
 * nothing has changed in the mesh: making one costs a signature, and whoever verifies it knows it by then.
 */
export class Evidence implements EvidenceUseCases {
  readonly #components: EvidenceComponents;
  readonly #kept = new RecentMap<string, Kept>(MAX_KEPT);
  #view: TrustView | undefined;

  constructor(components: EvidenceComponents) {
    this.#components = components;
  }

  async of(acting: Acting, credentials: PresentedCredentials): Promise<string> {
    const { trust, sessions, authenticator } = this.#components;
    const { via, credentialId } = acting.principal;
    const key = `${via} ${credentialId}`;
    this.#forgetPassed();
    const kept = this.#kept.get(key);
    // A stream goes on asking with a principal whose session may have ended.
    if (kept !== undefined && authenticator.stillValid(acting.principal)) return kept.token;
    const { view } = trust;
    const { token, expiresAt } = await sessions.jwt(acting, credentials);
    if (view === this.#view) this.#kept.set(key, { token, untilMs: Date.parse(expiresAt) - LEFT_MS });
    return token;
  }

  async verify(text: string, from: NodeId): Promise<Principal> {
    const origin = { address: from, userAgent: "", correlationId: "" };
    const principal = await this.#components.authenticator.authenticate({ bearer: text }, origin);
    if (principal?.via === "jwt") return principal;
    throw new MeshError("UNAUTHENTICATED", "The evidence of who asks is no JWT");
  }

  /** Lets go of what is not good any more. */
  #forgetPassed(): void {
    const { trust } = this.#components;
    const { view } = trust;
    if (view !== this.#view) {
      this.#view = view;
      this.#kept.clear();
    }
    const nowMs = trust.now();
    for (const [key, { untilMs }] of this.#kept.entries()) {
      if (nowMs >= untilMs) this.#kept.delete(key);
    }
  }
}
