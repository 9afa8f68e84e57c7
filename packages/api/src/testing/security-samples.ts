import type {
  ApiTokenView,
  CertificateList,
  ClientCertificateView,
  JoinTokenView,
  PendingNode,
  SessionStatus,
  UserView,
} from "@pi-controller/schema";
import { nodeId } from "./samples.ts";

const TIME = "2026-11-21T10:00:00.000Z";

/** The one password of all users of the memory adapter. */
export const PASSWORD = "correct-horse-battery";
export const SETUP_CODE = "ABCDE-FGHJK-MNPQR-STVWX";
export const FINGERPRINT = "ab".repeat(32);
export const TOKEN_ID = "t0ken0000000000a";
/** What no answer, log or record but one may show: it is part of every secret that is made here. */
export const SECRET = "SECRETSEED";

/** Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256`; it signs nothing. */
export const ROOT_PEM = `-----BEGIN CERTIFICATE-----
MIIBfDCCASOgAwIBAgIUDLahYimIWcRRP5OCYD+IBkzC304wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCByb290MB4XDTI2MTEyMTA5MTE0N1oXDTM2MTExODA5
MTE0N1owFDESMBAGA1UEAwwJdGVzdCByb290MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEGpE6Uk9+KbxthviAJivNPSfloGGrIcr256/al4atGa6coQNixRNc3YdC
cTwAPWr4CbUe14nK5Y0obpf1Zof+GqNTMFEwHQYDVR0OBBYEFDNSsHrmlmEOu4TV
EoaAbRRdghG2MB8GA1UdIwQYMBaAFDNSsHrmlmEOu4TVEoaAbRRdghG2MA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgLGXX/KrIb2fje1dYzaIxYXmS
G2kNgSn/sd0Qfn2WI4UCIHdbJNeAxdtGAFywZRED4tZtFssH2UhWBXW9jXjNOcPO
-----END CERTIFICATE-----
`;

export function userView(name: string, roles: readonly string[]): UserView {
  return {
    id: `user-${name.padEnd(16, "0")}`,
    name,
    roles: [...roles],
    disabled: false,
    oidcSubject: null,
    createdAt: TIME,
    updatedAt: TIME,
    canUnseal: roles.includes("admin"),
    self: false,
  };
}

export function apiTokenView(user: Pick<UserView, "id" | "name">): ApiTokenView {
  return {
    id: TOKEN_ID,
    name: "backup",
    userId: user.id,
    userName: user.name,
    scope: [{ verbs: ["get"], resources: ["nodes"] }],
    createdAt: TIME,
    expiresAt: TIME,
    node: nodeId(0),
    state: "valid",
  };
}

export function joinTokenView(): JoinTokenView {
  return {
    id: TOKEN_ID,
    label: "shelf",
    createdAt: TIME,
    createdBy: "ada",
    expiresAt: TIME,
    uses: 10,
    used: 1,
    state: "valid",
  };
}

export function pendingNode(): PendingNode {
  return {
    id: nodeId(7),
    name: "pi-7",
    fingerprint: "ABCD-EFGH-JKMN-PQRS",
    addresses: [`/ip4/192.168.1.27/tcp/4101/p2p/${nodeId(7)}`],
    joinToken: null,
    foundAt: TIME,
    problem: null,
  };
}

export function certificateList(): CertificateList {
  const shared = { subject: "CN=home", names: [], fingerprint: "AB:CD", notBefore: TIME, notAfter: TIME };
  return {
    items: [
      { ...shared, kind: "root", node: null, renewsAt: null },
      { ...shared, kind: "leaf", node: nodeId(0), names: ["pi-0.local"], renewsAt: TIME },
    ],
    waiting: [nodeId(3)],
    hsts: false,
  };
}

export function clientCertificateView(user: Pick<UserView, "id" | "name">): ClientCertificateView {
  return {
    fingerprint: FINGERPRINT,
    name: "ci",
    userId: user.id,
    userName: user.name,
    createdAt: TIME,
    expiresAt: TIME,
    state: "valid",
  };
}

/** Of a node that belongs to no mesh. */
export function unclaimedStatus(): SessionStatus {
  return {
    state: "unclaimed",
    node: nodeId(0),
    nodeName: "pi-0",
    fingerprint: "ABCD-EFGH-JKMN-PQRS",
    meshName: null,
    principal: null,
    oidc: null,
    clock: null,
    lockedUntil: null,
  };
}
