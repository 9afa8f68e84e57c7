import {
  type Confirmation,
  type JoinTokenRequest,
  type JoinTokenView,
  MeshError,
  type NewJoinToken,
} from "@pi-controller/schema";
import { formatJoinToken, newSeed, newTokenId, publicKeyOfSeed, toBase64Url } from "../../crypto/index.ts";
import type { Keyring } from "../../keys.ts";
import type { StatementOf } from "../../trust/statements.ts";
import type { TrustPort, TrustView } from "../../trust/trust-port.ts";
import type { Acting } from "../../use-cases.ts";
import { joinTokenState } from "./join-token-state.ts";
import { withAuthority } from "./unlock.ts";

interface Components {
  readonly trust: TrustPort;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
}

const HOUR_MS = 3_600_000;

/** Makes and ends the keys with which nodes are admitted without a click. */
export class JoinTokens {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  /** The newest first. */
  list(): JoinTokenView[] {
    const { trust } = this.#components;
    return [...trust.view.joinTokens.values()]
      .map((token) => viewOf(token, trust.view, trust.now()))
      .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
  }

  /** @returns it with the token itself, which nobody can show again. @throws MeshError as `Keyring` */
  create(request: JoinTokenRequest, acting: Acting): Promise<NewJoinToken> {
    const { keyring, trust } = this.#components;
    return withAuthority(keyring, acting, request.password, async (authority) => {
      const { meshId } = trust.view;
      const secret = { id: newTokenId(), seed: newSeed(), meshId };
      const nowMs = trust.now();
      const createdAt = new Date(nowMs).toISOString();
      const statement: StatementOf<"join-token"> = {
        kind: "join-token",
        version: 1,
        issuedAt: createdAt,
        id: secret.id,
        publicKey: toBase64Url(publicKeyOfSeed(secret.seed)),
        label: request.label ?? "",
        createdAt,
        createdBy: authority.user.user.id,
        expiresAt: new Date(nowMs + request.expiresInHours * HOUR_MS).toISOString(),
        uses: request.uses,
        revoked: false,
      };
      await trust.publish([trust.sign(statement, [authority])]);
      return { ...viewOf(statement, trust.view, nowMs), token: formatJoinToken(secret) };
    });
  }

  /** Those that it has admitted stay members. @throws MeshError NOT_FOUND, and as `Keyring` */
  revoke(id: string, { password }: Confirmation, acting: Acting): Promise<void> {
    const { keyring, trust } = this.#components;
    if (!trust.view.joinTokens.has(id)) throw new MeshError("NOT_FOUND", "There is no such join token");
    return withAuthority(keyring, acting, password, async (authority) => {
      const token = trust.view.joinTokens.get(id);
      if (token === undefined || token.revoked) return;
      const { version: _version, issuedAt: _issuedAt, ...rest } = token;
      await trust.publish([trust.sign({ ...rest, revoked: true }, [authority])]);
    });
  }
}

function viewOf(token: StatementOf<"join-token">, view: TrustView, nowMs: number): JoinTokenView {
  const used = view.usesOf(token.id);
  return {
    id: token.id,
    label: token.label,
    createdAt: token.createdAt,
    createdBy: view.users.get(token.createdBy)?.name ?? token.createdBy,
    expiresAt: token.expiresAt,
    uses: token.uses,
    used,
    state: joinTokenState(token, used, nowMs),
  };
}
