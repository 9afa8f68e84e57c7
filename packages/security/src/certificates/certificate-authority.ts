import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Logger } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AuthorityKey } from "../keys.ts";
import type { Envelope, StatementOf } from "../trust/statements.ts";
import type { TrustPort, TrustView } from "../trust/trust-port.ts";
import { newKeyPair } from "./certificate-files.ts";
import { type CertificateNames, normalNames } from "./certificate-names.ts";
import { type AuthorityOptions, certifyRequest, policyOf } from "./certify-request.ts";
import { rootCommonName, rootTemplate } from "./profiles.ts";
import { readCertificate } from "./read-certificate.ts";
import type { Claim, ReviewPolicy } from "./request-review.ts";

export interface AuthorityComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "publish" | "now">;
  /** Names in the roster. */
  readonly nodeName: (node: NodeId) => string | undefined;
  readonly logger: Logger;
}

/** @returns the root of a new mesh; its private key as PKCS #8, DER: to be sealed, and wiped */
export async function createRoot(
  meshName: string,
  nowMs: number,
): Promise<{ readonly certificatePem: string; readonly privateKeyPkcs8: Uint8Array }> {
  const { buildCertificate } = await import("./x509-builder.ts");
  const { privateKey, publicKey } = newKeyPair();
  const template = rootTemplate(meshName, publicKey, nowMs);
  const issuer = { commonName: rootCommonName(meshName), privateKey, publicKey };
  return {
    certificatePem: buildCertificate(template, issuer),
    privateKeyPkcs8: new Uint8Array(privateKey.export({ type: "pkcs8", format: "der" })),
  };
}

/** Root of the mesh as an issuer. The key lives as long as the authority is unsealed. */
export function rootIssuer(
  view: Pick<TrustView, "rootCertificate">,
  authority: Pick<AuthorityKey, "rootKey">,
): {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly notAfterMs: number;
} {
  const { commonName, notAfterMs } = readCertificate(view.rootCertificate);
  const privateKey = createPrivateKey({
    key: Buffer.from(authority.rootKey),
    format: "der",
    type: "pkcs8",
  });
  return { commonName, notAfterMs, privateKey, publicKey: createPublicKey(privateKey) };
}

/** Nodes whose newest request has no answer yet. */
export function waitingRequests(view: TrustView): readonly StatementOf<"certificate-request">[] {
  return [...view.certificateRequests.values()].filter(
    ({ node, version }) =>
      view.members.has(node) && version > (view.certificates.get(node)?.requestVersion ?? 0),
  );
}

/** Certifies the authorities of nodes, whenever the mesh's own is unsealed. */
export class CertificateAuthority {
  readonly #components: AuthorityComponents;
  readonly #policy: ReviewPolicy;

  /** @throws MeshError INVALID_ARGUMENT when a network is none */
  constructor(components: AuthorityComponents, options: AuthorityOptions = {}) {
    this.#components = components;
    this.#policy = policyOf(options);
  }

  /**
   * Answers the requests of all valid members that wait. What a node may not have is left out of its certificate, and
   * logged; one that may have nothing gets none and waits on.
   *
   * @returns certificates to publish
   */
  async signWaitingRequests(authority: AuthorityKey): Promise<readonly Envelope[]> {
    const { trust, logger } = this.#components;
    const { view } = trust;
    const waiting = waitingRequests(view);
    if (waiting.length === 0) return [];
    const claims = this.#claims(view);
    const certifier = {
      root: rootIssuer(view, authority),
      policy: this.#policy,
      nowMs: trust.now(),
      logger,
    };
    const envelopes: Envelope[] = [];
    for (const request of waiting) {
      const claim = claims.get(request.node);
      if (claim === undefined) continue;
      try {
        const certificate = await certifyRequest(request, claim, [...claims.values()], certifier);
        if (certificate !== undefined) envelopes.push(this.#state(request, certificate, authority));
      } catch (error) {
        // As one for so many long names that no statement holds it: nobody else waits because of that.
        logger.warn({ node: request.node, err: error }, "A node's certificate request cannot be answered");
      }
    }
    return envelopes;
  }

  /** As `signWaitingRequests`, and tells the mesh. @throws MeshError as `TrustPort.publish` */
  async publishWaiting(authority: AuthorityKey): Promise<void> {
    const envelopes = await this.signWaitingRequests(authority);
    if (envelopes.length > 0) await this.#components.trust.publish(envelopes);
  }

  #state(
    { node, version: requestVersion }: StatementOf<"certificate-request">,
    certificate: string,
    authority: AuthorityKey,
  ): Envelope {
    const statement = { kind: "certificate", node, requestVersion, certificate } as const;
    return this.#components.trust.sign(statement, [authority]);
  }

  #claims(view: TrustView): ReadonlyMap<NodeId, Claim> {
    const claims = [...view.members.keys()].map((node): [NodeId, Claim] => {
      const request = view.certificateRequests.get(node);
      const name = this.#components.nodeName(node);
      const requested = normalNames(request ?? NO_NAMES);
      return [node, { node, name, requested, certified: certifiedNames(view.certificates.get(node)) }];
    });
    return new Map(claims);
  }
}

const NO_NAMES: CertificateNames = { dnsNames: [], ipAddresses: [] };

function certifiedNames(statement: StatementOf<"certificate"> | undefined): CertificateNames {
  return statement === undefined ? NO_NAMES : normalNames(readCertificate(statement.certificate).names);
}
