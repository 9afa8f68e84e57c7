import type { SignedStatement } from "./signed-statement.ts";
import type { Statement, StatementKind, StatementOf } from "./statements.ts";

/** By how much the clocks of an admin and a sponsor may disagree on whether a join token was still good. */
export const TOKEN_TOLERANCE_MS = 10 * 60_000;

/**
 * Highest version of what others than the authority state. The authority may go beyond it: whatever somebody states,
 * there is a next version with which the authority ends it or replaces it.
 */
export const MAX_VERSION_OF_OTHERS = 2 ** 32;

export type Signed<Kind extends StatementKind> = SignedStatement<StatementOf<Kind>>;

/** What was verified before, on which the rules for the rest stand. */
export interface Foundation {
  /** The authority's public key, in base64url. */
  readonly authority: string;
  readonly joinTokens: ReadonlyMap<string, Signed<"join-token">>;
  readonly users: ReadonlyMap<string, Signed<"user">>;
  /** By node; of the authority alone. */
  readonly revocations: ReadonlyMap<string, Signed<"revocation">>;
  /** By node: every member entry that is good in itself, voided or not. */
  readonly members: ReadonlyMap<string, Signed<"member">>;
  /** The latest epoch of the mesh secret that the authority has given anybody. */
  readonly epoch: number;
}

/** @returns why a statement is not signed as it must be; undefined when it is */
export function whyNotSigned(signed: SignedStatement, foundation: Foundation): string | undefined {
  // None beside those that are needed, so that every one that is there was verified.
  if (signed.envelope.signatures.length !== signaturesNeeded(signed.statement)) {
    return "it has not as many signatures as it needs";
  }
  const byAuthority = signed.isSignedByKey({ kind: "authority" }, foundation.authority);
  const { statement } = signed;
  if (!byAuthority && statement.version > MAX_VERSION_OF_OTHERS) return "its version is too high";
  switch (statement.kind) {
    case "genesis":
    case "authority":
    case "join-token":
    case "user":
    case "role":
    case "certificate":
    case "client-certificate":
      return byAuthority ? undefined : "the authority has not signed it";
    case "member":
      return whyNoMember(signed as Signed<"member">, byAuthority, foundation);
    case "revocation":
      return whyNoRevocation(signed as Signed<"revocation">, byAuthority, foundation);
    case "mesh-secret":
      return byAuthority ? undefined : whyNoSponsoredSecret(signed as Signed<"mesh-secret">, foundation);
    case "certificate-request":
      return whyNotOfNode(signed, statement.node, foundation);
    case "credential":
      return whyNotOfUser(signed, statement.user, foundation);
    case "api-token":
      // The authority only ever ends a token: it cannot make one in a user's name.
      if (byAuthority && statement.revoked) return undefined;
      return whyNotOfUser(signed, statement.user, foundation);
  }
}

/**
 * Checks each signature with the key that is known now: what it says is remembered, so that what has to be verified
 * in one go with all the rest takes no time.
 */
export function checkSignatures(
  signed: SignedStatement,
  {
    genesis,
    standing,
  }: { readonly genesis: Signed<"genesis">; readonly standing: ReadonlyMap<string, SignedStatement> },
): void {
  for (const { by } of signed.envelope.signatures) {
    if (by.kind === "node") signed.isSignedByNode(by.node);
    else if (by.kind === "authority") signed.isSignedByKey(by, genesis.statement.authority);
    else {
      const known = standing.get(by.kind === "user" ? `user/${by.user}` : `join-token/${by.token}`);
      if (known === undefined) continue;
      if (isKind(known, "user")) signed.isSignedByKey(by, known.statement.signingKey);
      else if (isKind(known, "join-token")) signed.isSignedByKey(by, known.statement.publicKey);
    }
  }
}

/** An entry made with a join token: of the token, of the node itself, and of its sponsor. */
function signaturesNeeded(statement: Statement): number {
  return statement.kind === "member" && statement.admittedBy.kind === "join-token" ? 3 : 1;
}

function whyNoMember(
  signed: Signed<"member">,
  byAuthority: boolean,
  foundation: Foundation,
): string | undefined {
  const { node, admittedBy } = signed.statement;
  if (admittedBy.kind === "authority") return byAuthority ? undefined : "the authority has not signed it";
  const token = foundation.joinTokens.get(admittedBy.token);
  if (token === undefined) return "its join token is not known";
  const { publicKey, expiresAt, revoked } = token.statement;
  if (admittedBy.sponsor === node) return "no node sponsors itself";
  if (!signed.isSignedByKey({ kind: "join-token", token: admittedBy.token }, publicKey)) {
    return "its join token has not signed it";
  }
  if (!signed.isSignedByNode(node)) return "the node itself has not signed it";
  if (!signed.isSignedByNode(admittedBy.sponsor)) return "its sponsor has not signed it";
  const { issuedAtMs } = signed;
  if (issuedAtMs > Date.parse(expiresAt) + TOKEN_TOLERANCE_MS) return "its join token had expired";
  if (revoked && issuedAtMs > token.issuedAtMs + TOKEN_TOLERANCE_MS) return "its join token had been revoked";
  const sponsor = foundation.members.get(admittedBy.sponsor);
  if (sponsor === undefined) return "its sponsor is no member";
  if (isRevoked(sponsor.statement, foundation)) return "its sponsor was revoked";
  return undefined;
}

function whyNoRevocation(
  signed: Signed<"revocation">,
  byAuthority: boolean,
  foundation: Foundation,
): string | undefined {
  const { node, by, memberVersion } = signed.statement;
  if (by === node) {
    const reason = whyNotOfNode(signed, node, foundation);
    if (reason !== undefined) return reason;
    // The one of the later entry stands: of one to come it would take back what the node has said of the one before.
    const known = foundation.members.get(node)?.statement.version ?? 0;
    return memberVersion <= known ? undefined : "the node was never that member";
  }
  if (!by.startsWith("user-")) return "a node can revoke itself alone";
  return byAuthority ? undefined : "the authority has not signed it";
}

function whyNoSponsoredSecret(signed: Signed<"mesh-secret">, foundation: Foundation): string | undefined {
  const { node, epoch } = signed.statement;
  const member = foundation.members.get(node)?.statement;
  if (member?.admittedBy.kind !== "join-token") return "the authority has not signed it";
  const { sponsor } = member.admittedBy;
  if (!signed.isSignedByNode(sponsor))
    return "neither the authority nor the sponsor of the node has signed it";
  // A sponsor hands on what it was given: it cannot begin an epoch.
  return epoch <= foundation.epoch ? undefined : "the authority has begun no such epoch";
}

function whyNotOfNode(signed: SignedStatement, node: string, foundation: Foundation): string | undefined {
  if (!foundation.members.has(node)) return "the node is no member";
  return signed.isSignedByNode(node) ? undefined : "the node has not signed it";
}

function whyNotOfUser(signed: SignedStatement, user: string, foundation: Foundation): string | undefined {
  const statement = foundation.users.get(user)?.statement;
  if (statement === undefined || statement.deleted) return "there is no such user";
  // The key of a user who was reset is another one: what the old one signed is void.
  return signed.isSignedByKey({ kind: "user", user }, statement.signingKey)
    ? undefined
    : "the user has not signed it";
}

/** Whether the authority has voided an entry. That the node left by itself does not void what it had done before. */
export function isRevoked(
  member: StatementOf<"member">,
  foundation: Pick<Foundation, "revocations">,
): boolean {
  const revocation = foundation.revocations.get(member.node)?.statement;
  return revocation !== undefined && member.version <= revocation.memberVersion;
}

/** Narrows by kind. */
export function isKind<Kind extends Statement["kind"]>(
  signed: SignedStatement,
  kind: Kind,
): signed is Signed<Kind> {
  return signed.statement.kind === kind;
}
