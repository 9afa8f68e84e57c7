import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Logger } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AuthorityKey } from "../keys.ts";
import { addressFilter } from "../limits/address.ts";
import type { Envelope, StatementOf } from "../trust/statements.ts";
import type { TrustPort, TrustView } from "../trust/trust-port.ts";
import { newKeyPair } from "./certificate-files.ts";
import { type CertificateNames, isEmpty, normalNames } from "./certificate-names.ts";
import { readRequest } from "./certificate-request.ts";
import { nodeAuthorityTemplate, rootCommonName, rootTemplate } from "./profiles.ts";
import { readCertificate } from "./read-certificate.ts";
import { type Claim, privateNetworks, type ReviewPolicy, reviewRequest } from "./request-review.ts";

export interface AuthorityComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "nextVersion" | "publish" | "now">;
  /** Names in the roster. */
  readonly nodeName: (node: NodeId) => string | undefined;
  readonly logger: Logger;
}

export interface AuthorityOptions {
  /** Domains that nodes may have names in besides their own, as `example.com`. */
  readonly domains?: readonly string[];
  /** Networks that nodes may have addresses in besides private ones, as `2001:db8::/32`. */
  readonly networks?: readonly string[];
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
    const { domains = [], networks = [] } = options;
    this.#policy = { domains, allowsAddress: addressFilter([...privateNetworks, ...networks]) };
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
    const { buildCertificate } = await import("./x509-builder.ts");
    const root = rootIssuer(view, authority);
    const claims = this.#claims(view);
    const envelopes: Envelope[] = [];
    for (const request of waiting) {
      const claim = claims.get(request.node);
      const key = await this.#keyOf(request);
      if (claim === undefined || key === undefined) continue;
      const { granted, refused } = reviewRequest(claim, [...claims.values()], this.#policy);
      if (refused.length > 0) {
        logger.warn({ node: request.node, refused }, "A node asks for names that it may not have");
      }
      if (isEmpty(granted)) continue;
      const subject = { name: claim.name ?? request.node, key, names: granted };
      const certificate = buildCertificate(nodeAuthorityTemplate(subject, root, trust.now()), root);
      envelopes.push(this.#state(request, certificate, authority));
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
    const { trust } = this.#components;
    const issuedAt = new Date(trust.now()).toISOString();
    const version = trust.nextVersion(`certificate/${node}`);
    return trust.sign({ kind: "certificate", version, issuedAt, node, requestVersion, certificate }, [
      authority,
    ]);
  }

  async #keyOf(request: StatementOf<"certificate-request">): Promise<KeyObject | undefined> {
    try {
      const key = await readRequest(request.request);
      if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
      this.#components.logger.warn({ node: request.node }, "A node asks for a certificate for no P-256 key");
    } catch (error) {
      this.#components.logger.warn(
        { node: request.node, err: error },
        "A node's certificate request is none",
      );
    }
    return undefined;
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
