import type { Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { NodeKey } from "../crypto/signing-keys.ts";
import type { FoundedMesh } from "../trust/building/mesh.ts";
import { readEnvelope, signStatement } from "../trust/signed-statement.ts";
import type { Envelope } from "../trust/statements.ts";
import { rootIssuer } from "./certificate-authority.ts";
import { normalNames } from "./certificate-names.ts";
import { type AuthorityOptions, certifyRequest, policyOf } from "./certify-request.ts";
import type { NodeCertificates } from "./node-certificates.ts";

export interface FirstCertificateComponents {
  /** Of the node while it belongs to no mesh. */
  readonly certificates: Pick<NodeCertificates, "certificateRequest">;
  readonly nodeKey: NodeKey;
  readonly nodeName: string;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Certifies the first member of a mesh while that is founded, when no trust is there yet to ask.
 *
 * @returns its request and, where it may have any name, its certificate
 */
export async function firstCertificate(
  components: FirstCertificateComponents,
  mesh: Pick<FoundedMesh, "authority" | "envelopes">,
  options: AuthorityOptions = {},
): Promise<readonly Envelope[]> {
  const { certificates, logger, nodeKey, nodeName, now } = components;
  const { node } = nodeKey;
  const envelope = await certificates.certificateRequest(node, nodeKey);
  const request = readEnvelope(envelope).statement;
  const genesis = mesh.envelopes.map((each) => readEnvelope(each).statement).find(isGenesis);
  if (request.kind !== "certificate-request" || genesis === undefined) {
    throw new MeshError("INTERNAL", "A mesh is founded without a genesis");
  }
  const none = { dnsNames: [], ipAddresses: [] };
  const claim = { node, name: nodeName, requested: normalNames(request), certified: none };
  const nowMs = now();
  const root = rootIssuer(genesis, mesh.authority);
  const certificate = await certifyRequest(request, claim, [], {
    root,
    policy: policyOf(options),
    nowMs,
    logger,
  });
  if (certificate === undefined) return [envelope];
  const statement = {
    kind: "certificate",
    version: 1,
    issuedAt: new Date(nowMs).toISOString(),
    node,
    requestVersion: request.version,
    certificate,
  } as const;
  return [envelope, signStatement(statement, [mesh.authority])];
}

type Read = ReturnType<typeof readEnvelope>["statement"];

function isGenesis(statement: Read): statement is Extract<Read, { kind: "genesis" }> {
  return statement.kind === "genesis";
}
