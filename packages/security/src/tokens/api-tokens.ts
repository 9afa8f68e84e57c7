import {
  type ApiTokenRequest,
  type ApiTokenView,
  type Confirmation,
  MeshError,
  type NewApiToken,
  type NodeId,
} from "@pi-controller/schema";
import { newTokenId } from "../crypto/crockford.ts";
import { publicKeyOfSeed } from "../crypto/ed25519.ts";
import { toBase64Url } from "../crypto/encoding.ts";
import { formatApiToken, newSeed } from "../crypto/tokens.ts";
import type { Keyring } from "../keys.ts";
import type { SigningKey, TrustPort } from "../trust/trust-port.ts";
import type { Acting, ApiTokenUseCases } from "../use-cases.ts";
import { type ApiToken, apiTokenState } from "./usable.ts";

export interface ApiTokensComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "publish" | "now">;
  readonly keyring: Keyring;
}

export interface ApiTokensOptions {
  /** This one. */
  readonly node: NodeId;
  /** How many valid ones a user may have. */
  readonly maxPerUser?: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_MAX_PER_USER = 100;

/** API tokens: made by a user for himself, valid on every node, known to the mesh by their public half alone. */
export class ApiTokens implements ApiTokenUseCases {
  readonly #components: ApiTokensComponents;
  readonly #options: ApiTokensOptions;

  constructor(components: ApiTokensComponents, options: ApiTokensOptions) {
    this.#components = components;
    this.#options = options;
  }

  list(acting: Acting, all: boolean): readonly ApiTokenView[] {
    const { view } = this.#components.trust;
    return [...view.apiTokens.values()]
      .filter((token) => all || token.user === acting.principal.userId)
      .toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1))
      .map((token) => this.#viewOf(token));
  }

  async create(request: ApiTokenRequest, acting: Acting): Promise<NewApiToken> {
    const { trust, keyring } = this.#components;
    const userId = requireUser(acting);
    this.#requireRoom(userId);
    const key = await keyring.unlockUser({ id: userId }, request.password);
    const seed = newSeed();
    const nowMs = trust.now();
    const token: ApiToken = {
      kind: "api-token",
      version: 1,
      issuedAt: new Date(nowMs).toISOString(),
      id: newTokenId(),
      user: userId,
      name: request.name,
      publicKey: toBase64Url(publicKeyOfSeed(seed)),
      scope: request.scope ?? null,
      createdAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + request.expiresInDays * DAY_MS).toISOString(),
      node: this.#options.node,
      revoked: false,
    };
    await trust.publish([trust.sign(token, [key])]);
    return { ...this.#viewOf(token), token: formatApiToken({ id: token.id, seed }) };
  }

  async revoke(id: string, { password }: Confirmation, acting: Acting): Promise<void> {
    const { trust, keyring } = this.#components;
    const userId = requireUser(acting);
    const token = trust.view.apiTokens.get(id);
    if (token === undefined) throw new MeshError("NOT_FOUND", "There is no such API token");
    if (token.user === userId) {
      const key = await keyring.unlockUser({ id: userId }, password);
      await this.#publishRevoked(token, key);
      return;
    }
    const authority = await keyring.unlockAuthority(userId, password);
    try {
      await this.#publishRevoked(token, authority);
    } finally {
      authority.wipe();
    }
  }

  async #publishRevoked(token: ApiToken, key: SigningKey): Promise<void> {
    if (token.revoked) return;
    const { trust } = this.#components;
    const { version: _, issuedAt: __, ...content } = token;
    await trust.publish([trust.sign({ ...content, revoked: true }, [key])]);
  }

  #requireRoom(userId: string): void {
    const { view } = this.#components.trust;
    const nowMs = this.#components.trust.now();
    const maximum = this.#options.maxPerUser ?? DEFAULT_MAX_PER_USER;
    const valid = [...view.apiTokens.values()].filter(
      (token) => token.user === userId && apiTokenState(token, view, nowMs) === "valid",
    );
    if (valid.length < maximum) return;
    throw new MeshError(
      "RESOURCE_EXHAUSTED",
      `You have ${maximum} API tokens: revoke one that you need no more`,
    );
  }

  #viewOf(token: ApiToken): ApiTokenView {
    const { trust } = this.#components;
    const { id, name, user, scope, createdAt, expiresAt, node } = token;
    return {
      id,
      name,
      userId: user,
      userName: trust.view.users.get(user)?.name ?? "",
      scope,
      createdAt,
      expiresAt,
      node,
      state: apiTokenState(token, trust.view, trust.now()),
    };
  }
}

function requireUser({ principal }: Acting): string {
  if (principal.userId !== null) return principal.userId;
  throw new MeshError("PERMISSION_DENIED", "Only a user of this mesh has API tokens");
}
