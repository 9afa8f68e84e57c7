import { fromBase64Url } from "../crypto/encoding.ts";
import { lastKeepers } from "./last-keepers.ts";
import type { Resolution } from "./resolve.ts";
import { isKind, isRevoked } from "./signer-rules.ts";
import type { StatementOf } from "./statements.ts";
import type { TrustView } from "./trust-port.ts";

/** What a program sees of what stands: see `TrustView` for what is left out. */
export function viewOf(resolution: Resolution, meshId: string): TrustView {
  const { genesis, standing } = resolution;
  const members = new Map<string, StatementOf<"member">>();
  const departures = new Map<string, StatementOf<"revocation">>();
  const revocations = new Map<string, StatementOf<"revocation">>();
  const requests = new Map<string, StatementOf<"certificate-request">>();
  const certificates = new Map<string, StatementOf<"certificate">>();
  const meshSecrets = new Map<string, StatementOf<"mesh-secret">>();
  const users = new Map<string, StatementOf<"user">>();
  const credentials = new Map<string, StatementOf<"credential">>();
  const roles = new Map<string, StatementOf<"role">>();
  const joinTokens = new Map<string, StatementOf<"join-token">>();
  const apiTokens = new Map<string, StatementOf<"api-token">>();
  const clientCertificates = new Map<string, StatementOf<"client-certificate">>();
  const uses = new Map<string, number>();
  let authorityBoxes: StatementOf<"authority"> | undefined;

  const all = [...standing.values()];
  for (const signed of all) {
    const { statement } = signed;
    if (statement.kind === "revocation" && statement.by === statement.node) {
      departures.set(statement.node, statement);
    } else if (statement.kind === "user" && !statement.deleted) users.set(statement.id, statement);
  }
  for (const signed of all) {
    if (!isKind(signed, "member")) continue;
    const { statement } = signed;
    const revoked = isRevoked(statement, resolution);
    const departure = departures.get(statement.node);
    if (revoked) {
      const revocation = resolution.revocations.get(statement.node)?.statement;
      if (revocation !== undefined) revocations.set(statement.node, revocation);
    } else if (departure?.memberVersion === statement.version) revocations.set(statement.node, departure);
    else {
      members.set(statement.node, statement);
      const token = statement.admittedBy.token;
      if (token !== undefined) uses.set(token, (uses.get(token) ?? 0) + 1);
    }
  }
  for (const { statement } of resolution.revocations.values()) {
    // Revoked before its entry was learned.
    if (!members.has(statement.node) && !revocations.has(statement.node)) {
      revocations.set(statement.node, statement);
    }
  }
  for (const { statement } of all) {
    switch (statement.kind) {
      case "authority":
        authorityBoxes = statement;
        break;
      case "certificate-request":
        if (members.has(statement.node)) requests.set(statement.node, statement);
        break;
      case "certificate":
        if (members.has(statement.node)) certificates.set(statement.node, statement);
        break;
      case "mesh-secret":
        if (members.has(statement.node)) meshSecrets.set(statement.node, statement);
        break;
      case "credential":
        credentials.set(statement.user, statement);
        break;
      case "role":
        if (!statement.deleted) roles.set(statement.name, statement);
        break;
      case "join-token":
        joinTokens.set(statement.id, statement);
        break;
      case "api-token":
        if (users.has(statement.user) && !isOfRevokedNode(statement, resolution)) {
          apiTokens.set(statement.id, statement);
        }
        break;
      case "client-certificate":
        if (users.has(statement.user)) clientCertificates.set(statement.fingerprint, statement);
        break;
      case "genesis":
      case "member":
      case "revocation":
      case "user":
        break;
    }
  }
  const keepers = lastKeepers(users, authorityBoxes);
  for (const user of keepers) users.set(user.id, user);
  return {
    meshId,
    meshName: genesis.statement.meshName,
    authority: fromBase64Url(genesis.statement.authority) ?? new Uint8Array(),
    rootCertificate: genesis.statement.rootCertificate,
    members,
    revocations,
    authorityBoxes,
    certificateRequests: requests,
    certificates,
    meshSecrets,
    users,
    lastKeepers: new Set(keepers.map(({ id }) => id)),
    credentials,
    roles,
    joinTokens,
    apiTokens,
    clientCertificates,
    usesOf: (joinToken) => uses.get(joinToken) ?? 0,
  };
}

/** Whoever had the node may have kept what was shown on it; what was made there after it was enrolled anew is good. */
function isOfRevokedNode(token: StatementOf<"api-token">, resolution: Resolution): boolean {
  const revocation = resolution.revocations.get(token.node);
  return revocation !== undefined && Date.parse(token.createdAt) <= revocation.issuedAtMs;
}
