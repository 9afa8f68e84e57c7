import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AddressBook, Membership, Network, PendingDiscovery } from "@pi-controller/mesh";
import type { NodeUseCases, Roster } from "@pi-controller/nodes";
import type { Service } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import {
  ApiTokens,
  AuditExchange,
  AuditLog,
  type AuthorityKey,
  auditUseCases,
  authorize,
  CertificateAuthority,
  CredentialAuthenticator,
  certificateUseCases,
  defaultSessionOptions,
  type Enrolment,
  Evidence,
  Intents,
  LimitedKeyring,
  LoginLimit,
  type MeshSecrets,
  NodeCertificates,
  type NodeKey,
  type NodeNames,
  OidcLogins,
  type OidcOptions,
  overdueStatements,
  PasswordHasher,
  PasswordKeyring,
  parseOidcOptions,
  RevocationInquiry,
  type SecurityUseCases,
  SessionStore,
  Sessions,
  sessionStatus,
  type Trust,
  type TrustNews,
  Users,
  type Witness,
} from "@pi-controller/security";
import type { Events } from "@pi-controller/telemetry";
import type { Config } from "./config/config.ts";
import type { Surroundings } from "./create-peer.ts";
import { createMemberEnrolment } from "./member-enrolment.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface MemberSecurityComponents {
  readonly surroundings: Surroundings;
  readonly trust: Trust;
  readonly nodeKey: NodeKey;
  readonly network: Network;
  readonly addressBook: AddressBook;
  readonly membership: Pick<Membership, "members">;
  readonly events: Events;
  readonly roster: Roster;
  readonly news: TrustNews;
  readonly secrets: MeshSecrets;
  readonly names: NodeNames;
  readonly pendingDiscovery: PendingDiscovery | undefined;
  /** Members out of reach; see `RevocationInquiry`. */
  readonly witnesses: () => readonly Witness[];
  readonly nodes: NodeUseCases;
  /** A started network that speaks to one pending node. */
  readonly openPendingNetwork: () => Promise<Network>;
  /** See `EnrolmentComponents`. */
  readonly wipe: () => Promise<void>;
  readonly onGone: (reason: "left" | "revoked") => void;
}

export interface MemberSecurity {
  readonly useCases: SecurityUseCases;
  readonly certificates: NodeCertificates;
  readonly enrolment: Enrolment;
  /** What is on the disk, and what proves this node to others: before anything listens. */
  readonly early: readonly Service[];
  /** What needs all else. */
  readonly late: readonly Service[];
}

/** Who may do what on a member, put together. */
export function createMemberSecurity(config: Config, components: MemberSecurityComponents): MemberSecurity {
  const { events, names, network, nodeKey, roster, trust } = components;
  const { component } = components.surroundings;
  const { node } = nodeKey;
  const hasher = new PasswordHasher(component("users"));
  const passwords = new PasswordKeyring({ trust, hasher });
  const keyring = new LimitedKeyring({ ...component("users"), keyring: passwords });
  const authority = new CertificateAuthority({
    ...component("certificates"),
    trust,
    nodeName: (id) => roster.nameOf(id),
  });
  const certificates = new NodeCertificates(
    {
      ...component("certificates"),
      names,
      now: () => trust.now(),
      membership: { node, key: nodeKey, trust },
      onRenewed: (expiresAt) => events.emit("security.certificate.renewed", { node, data: { expiresAt } }),
    },
    { directory: config.dataDir },
  );
  const signCertificates = (key: AuthorityKey) => authority.publishWaiting(key);
  /** What has waited for the authority to be unsealed: little or nothing, most of the time. */
  const catchUp = async (key: AuthorityKey) => {
    const { contested, newest } = components.secrets;
    const overdue = await overdueStatements(trust, trust.view, key, newest, contested);
    if (overdue.length > 0) await trust.publish(overdue);
    await signCertificates(key);
  };
  const store = new SessionStore(
    { ...component("sessions"), trust },
    {
      ...defaultSessionOptions,
      file: join(config.dataDir, "sessions.db"),
      idleMs: config.sessionIdleHours * HOUR_MS,
      absoluteMs: config.sessionDays * DAY_MS,
    },
  );
  const sessions = new Sessions({
    ...component("sessions"),
    trust,
    // Limited by name and address where a login is made.
    keyring: passwords,
    hasher,
    store,
    limit: new LoginLimit(component("sessions")),
    nodeKey,
    onLoginLocked: (data) => events.emit("security.login.locked", { node, data }),
    onAuthorityUnlocked: catchUp,
  });
  const provider = oidcProvider(config);
  const authenticator = new CredentialAuthenticator({ ...component("sessions"), trust, sessions: store });
  const evidence = new Evidence({ ...component("sessions"), trust, store, nodeKey, authenticator });
  const auditLog = new AuditLog(
    { ...component("audit"), now: () => trust.now() },
    {
      file: join(config.dataDir, "audit.db"),
      node,
      retention: { maxRecords: config.auditKeep, maxAgeMs: config.auditKeepDays * DAY_MS },
    },
  );
  const enrolment = createMemberEnrolment({
    ...components,
    ...component("enrolment"),
    keyring,
    discovery: components.pendingDiscovery,
    signCertificates,
  });
  const inquiry = new RevocationInquiry({
    ...component("enrolment"),
    trust,
    nodeKey,
    witnesses: components.witnesses,
  });
  const exchange = new AuditExchange({
    ...component("audit"),
    network,
    log: auditLog,
    authorize,
    verifyEvidence: (jwt, from) => evidence.verify(jwt, from),
  });
  const audit = auditUseCases({
    node,
    log: auditLog,
    exchange,
    isMember: (id) => trust.view.members.has(id),
    evidence: (...asked) => evidence.of(...asked),
  });
  exchange.serve();
  const useCases: SecurityUseCases = {
    authenticator,
    authorize,
    sessions,
    evidence,
    intents: new Intents({ trust, store, nodeKey }),
    oidc: new OidcLogins({ ...component("sessions"), trust, store }, { node, provider }),
    users: new Users({
      trust,
      keyring,
      hasher,
      onUserChanged: (data, { correlationId }) =>
        events.emit("security.user.changed", { node, data, correlationId }),
    }),
    apiTokens: new ApiTokens({ trust, keyring }, { node }),
    enrolment,
    certificates: certificateUseCases(
      { ...component("certificates"), node, trust, keyring, certificates, authority },
      { hsts: config.hsts },
    ),
    audit,
    status: (principal) =>
      sessionStatus(principal, {
        trust,
        node,
        nodeName: names.nodeName(),
        oidcLabel: provider?.label,
      }),
  };
  return {
    useCases,
    certificates,
    enrolment,
    early: [auditLog, store, certificates],
    late: [sessions, enrolment, inquiry],
  };
}

/** @throws MeshError INVALID_ARGUMENT, and FAILED_PRECONDITION when the file with the client secret cannot be read */
function oidcProvider(config: Config): OidcOptions | undefined {
  if (config.oidcIssuer === "") return undefined;
  return parseOidcOptions({
    issuer: config.oidcIssuer,
    clientId: config.oidcClientId,
    label: config.oidcLabel,
    ...(config.oidcClientSecretFile === "" ? {} : { clientSecret: readSecret(config.oidcClientSecretFile) }),
  });
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshError(
      "FAILED_PRECONDITION",
      `The file ${file} (oidc-client-secret-file) cannot be read: ${reason}`,
    );
  }
}
