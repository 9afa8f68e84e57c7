import type { Logger } from "@pi-controller/runtime";
import {
  type ClientCertificateRequest,
  type ClientCertificateView,
  type Confirmation,
  MeshError,
  type NewClientCertificate,
} from "@pi-controller/schema";
import type { AuthorityKey, Keyring } from "../keys.ts";
import { clientCertificateState } from "../tokens/usable.ts";
import type { StatementOf } from "../trust/statements.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { Acting } from "../use-cases.ts";
import { withAuthority } from "../users/acting-user.ts";
import { rootIssuer } from "./certificate-authority.ts";
import { readRequest } from "./certificate-request.ts";
import { clientTemplate } from "./profiles.ts";
import { readCertificate } from "./read-certificate.ts";

export interface ClientCertificateComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "nextVersion" | "publish" | "now">;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
  readonly logger: Logger;
  /** Whatever else waits for the authority to be unsealed. */
  readonly onUnsealed: (authority: AuthorityKey) => Promise<void>;
}

type ClientCertificate = StatementOf<"client-certificate">;

/** Certificates that programs of users prove themselves with. */
export class ClientCertificates {
  readonly #components: ClientCertificateComponents;

  constructor(components: ClientCertificateComponents) {
    this.#components = components;
  }

  /** The acting user's own, or all, newest first. */
  list(acting: Acting, all: boolean): readonly ClientCertificateView[] {
    const { view } = this.#components.trust;
    const { userId } = acting.principal;
    return [...view.clientCertificates.values()]
      .filter(({ user }) => all || user === userId)
      .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))
      .map((certificate) => this.#viewOf(certificate));
  }

  /**
   * Certifies the key of a request for a user.
   *
   * @throws MeshError INVALID_ARGUMENT naming `request` or `userId`, UNAUTHENTICATED, PERMISSION_DENIED
   */
  async issue(request: ClientCertificateRequest, acting: Acting): Promise<NewClientCertificate> {
    const { trust } = this.#components;
    const user = trust.view.users.get(request.userId);
    if (user === undefined || user.disabled) throw noSuchUser();
    const key = await readRequest(request.request);
    return this.#withAuthority(acting, request.password, async (authority) => {
      const { buildCertificate } = await import("./x509-builder.ts");
      const root = rootIssuer(trust.view, authority);
      const nowMs = trust.now();
      const subject = { commonName: user.name, key, days: request.expiresInDays };
      const { pem, fingerprint, notAfterMs } = readCertificate(
        buildCertificate(clientTemplate(subject, root, nowMs), root),
      );
      const at = new Date(nowMs).toISOString();
      const statement: ClientCertificate = {
        kind: "client-certificate",
        // No other certificate has its fingerprint.
        version: 1,
        issuedAt: at,
        fingerprint,
        user: user.id,
        name: request.name,
        createdAt: at,
        expiresAt: new Date(notAfterMs).toISOString(),
        revoked: false,
      };
      await trust.publish([trust.sign(statement, [authority])]);
      return { ...this.#viewOf(statement), certificate: pem + trust.view.rootCertificate };
    });
  }

  /** @throws MeshError NOT_FOUND, UNAUTHENTICATED, PERMISSION_DENIED */
  async revoke(fingerprint: string, { password }: Confirmation, acting: Acting): Promise<void> {
    const { trust } = this.#components;
    await this.#withAuthority(acting, password, async (authority) => {
      const certificate = trust.view.clientCertificates.get(fingerprint);
      if (certificate === undefined) throw new MeshError("NOT_FOUND", "There is no such client certificate");
      if (certificate.revoked) return;
      const version = trust.nextVersion(`client-certificate/${fingerprint}`);
      const issuedAt = new Date(trust.now()).toISOString();
      await trust.publish([trust.sign({ ...certificate, version, issuedAt, revoked: true }, [authority])]);
    });
  }

  #withAuthority<T>(
    acting: Acting,
    password: string,
    work: (authority: AuthorityKey) => Promise<T>,
  ): Promise<T> {
    const { keyring, logger, onUnsealed } = this.#components;
    return withAuthority(keyring, acting, password, async (authority) => {
      const result = await work(authority);
      try {
        await onUnsealed(authority);
      } catch (error) {
        // What was asked for is done, and shown once.
        logger.error({ err: error }, "The certificates that waited could not be signed");
      }
      return result;
    });
  }

  #viewOf(certificate: ClientCertificate): ClientCertificateView {
    const { view } = this.#components.trust;
    return {
      fingerprint: certificate.fingerprint,
      name: certificate.name,
      userId: certificate.user,
      userName: view.users.get(certificate.user)?.name ?? certificate.user,
      createdAt: certificate.createdAt,
      expiresAt: certificate.expiresAt,
      state: clientCertificateState(certificate, view, this.#components.trust.now()),
    };
  }
}

function noSuchUser(): MeshError {
  const message = "There is no such user, or he is disabled";
  return new MeshError("INVALID_ARGUMENT", message, { fields: [{ field: "userId", message }] });
}
