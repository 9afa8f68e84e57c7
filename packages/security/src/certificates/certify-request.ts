import type { KeyObject } from "node:crypto";
import type { Logger } from "@pi-controller/runtime";
import { addressFilter } from "../limits/address.ts";
import type { StatementOf } from "../trust/statements.ts";
import { isEmpty } from "./certificate-names.ts";
import { readRequest } from "./certificate-request.ts";
import { nodeAuthorityTemplate } from "./profiles.ts";
import { type Claim, privateNetworks, type ReviewPolicy, reviewRequest } from "./request-review.ts";
import type { Issuer } from "./x509-builder.ts";

export interface AuthorityOptions {
  /** Domains that nodes may have names in besides their own, as `example.com`. */
  readonly domains?: readonly string[];
  /** Networks that nodes may have addresses in besides private ones, as `2001:db8::/32`. */
  readonly networks?: readonly string[];
}

export interface Certifier {
  readonly root: Issuer & { readonly notAfterMs: number };
  readonly policy: ReviewPolicy;
  readonly nowMs: number;
  readonly logger: Logger;
}

/** @throws MeshError INVALID_ARGUMENT when a network is none */
export function policyOf({ domains = [], networks = [] }: AuthorityOptions): ReviewPolicy {
  return { domains, allowsAddress: addressFilter([...privateNetworks, ...networks]) };
}

/**
 * Certifies the authority of a node for what of its names it may have; the rest is logged.
 *
 * @param claim of the node that asks
 * @param others of all members
 * @returns PEM; undefined when it may have nothing, or asks for what is no key
 */
export async function certifyRequest(
  request: Pick<StatementOf<"certificate-request">, "node" | "request">,
  claim: Claim,
  others: readonly Claim[],
  { root, policy, nowMs, logger }: Certifier,
): Promise<string | undefined> {
  const key = await keyOf(request, logger);
  if (key === undefined) return undefined;
  const { granted, refused } = reviewRequest(claim, others, policy);
  if (refused.length > 0) {
    logger.warn({ node: request.node, refused }, "A node asks for names that it may not have");
  }
  if (isEmpty(granted)) return undefined;
  const { buildCertificate } = await import("./x509-builder.ts");
  const subject = { name: claim.name ?? request.node, key, names: granted };
  return buildCertificate(nodeAuthorityTemplate(subject, root, nowMs), root);
}

async function keyOf(
  { node, request }: Pick<StatementOf<"certificate-request">, "node" | "request">,
  logger: Logger,
): Promise<KeyObject | undefined> {
  try {
    const key = await readRequest(request);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
    logger.warn({ node }, "A node asks for a certificate for no P-256 key");
  } catch (error) {
    logger.warn({ node, err: error }, "A node's certificate request is none");
  }
  return undefined;
}
