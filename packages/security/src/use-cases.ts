import type {
  Access,
  ApiTokenRequest,
  ApiTokenView,
  Approval,
  AuditPage,
  AuditQuery,
  AuditRecord,
  CertificateList,
  ClientCertificateRequest,
  ClientCertificateView,
  Confirmation,
  EnrolmentKnock,
  JoinTokenRequest,
  JoinTokenView,
  Jwt,
  LoginRequest,
  NewApiToken,
  NewClientCertificate,
  NewJoinToken,
  NodeId,
  PasswordChange,
  PendingNode,
  PendingNodeLookup,
  PrincipalView,
  RevocationAnswer,
  RevocationQuestion,
  RevocationRequest,
  RoleChange,
  RoleView,
  Rule,
  SessionStatus,
  SessionView,
  SetupRequest,
  SetupResult,
  UserChange,
  UserCreation,
  UserView,
} from "@pi-controller/schema";
import type { UserId } from "./trust/statements.ts";

/** Somebody who has proven who he is, with what he may do by the credential that he showed. */
export interface Principal {
  /** Null for somebody whom an OpenID provider alone knows. */
  readonly userId: UserId | null;
  readonly userName: string;
  readonly roles: readonly string[];
  readonly rules: readonly Rule[];
  readonly via: PrincipalView["via"];
  /** Of the session, token or certificate; to find and end it. */
  readonly credentialId: string;
  readonly idleExpiresAt: string | null;
  readonly expiresAt: string | null;
  readonly canUnseal: boolean;
}

/** What a request shows of who makes it; each at most once. */
export interface PresentedCredentials {
  /** Value of the session cookie. */
  readonly session?: string;
  /** After `Bearer`: an API token or a JWT. */
  readonly bearer?: string;
  /** SHA-256 of the client's certificate, DER, lower-case hexadecimal; TLS has proven that the client has its key. */
  readonly clientCertificate?: string;
}

/** Where a request comes from. */
export interface RequestOrigin {
  readonly address: string;
  readonly userAgent: string;
  readonly correlationId: string;
}

/** On whose behalf something is done, and where from. */
export interface Acting extends RequestOrigin {
  readonly principal: Principal;
}

export interface Authenticator {
  /**
   * Undefined when nothing is presented. Cheap: no argon2, hardly a signature for what was seen lately.
   *
   * @throws MeshError UNAUTHENTICATED when what is presented is not valid, and why in general terms;
   *   RESOURCE_EXHAUSTED (with `retryAfterMs`) when this address has presented too much that is wrong
   */
  authenticate(credentials: PresentedCredentials, origin: RequestOrigin): Promise<Principal | undefined>;
  /** Whether a principal found earlier is still one: asked now and then by streams. */
  stillValid(principal: Principal): boolean;
}

/** The one decision. @returns undefined when allowed, else why not, for people */
export type Authorize = (principal: Principal, access: Access) => string | undefined;

export interface SessionUseCases {
  /** @returns the secret for the cookie. @throws MeshError UNAUTHENTICATED, RESOURCE_EXHAUSTED (locked out, with `retryAfterMs`) */
  login(
    request: LoginRequest,
    origin: RequestOrigin,
  ): Promise<{ readonly secret: string; readonly principal: Principal }>;
  logout(secret: string): Promise<void>;
  /**
   * Whether there is a user of this name: for the audit log alone, which says whose login failed, but must not keep
   * what may be a password in the wrong field.
   */
  knows?(userName: string): boolean;
  /** One's own sessions on this node; with the right to list sessions, everybody's. */
  list(acting: Acting, all: boolean): readonly SessionView[];
  /** @throws MeshError NOT_FOUND when there is none of one's own, or at all */
  end(id: string, acting: Acting, all: boolean): Promise<void>;
  /** @param credentials as presented with this very request. @throws MeshError PERMISSION_DENIED for what cannot be turned into one */
  jwt(acting: Acting, credentials: PresentedCredentials): Promise<Jwt>;
  /** @throws MeshError UNAUTHENTICATED */
  changePassword(change: PasswordChange, acting: Acting): Promise<void>;
}

/**
 * What proves to one other node, for minutes, on whose behalf this one asks. It is good there alone: a node that turned
 * hostile must not speak for whoever asks it for something.
 */
export interface EvidenceUseCases {
  /**
   * Cheap for who asks often: one is shown again while it is good.
   *
   * @param credentials as presented with this very request
   * @param audience who is to believe it
   * @throws MeshError PERMISSION_DENIED for credentials that are good for this node alone
   */
  of(acting: Acting, credentials: PresentedCredentials, audience: NodeId): Promise<string>;
  /**
   * @param from the peer that brings it, and has made it: what is limited has to be limited for each of them
   * @throws MeshError UNAUTHENTICATED when it proves nothing, or something to another node
   */
  verify(text: string, from: NodeId): Promise<Principal>;
}

/** Signatures of users under what is to be done later, perhaps without them. */
export interface IntentUseCases {
  /**
   * @param credentials as presented with this very request
   * @param digest SHA-256 of what is to be done, hexadecimal
   * @param validForMs 7 days at most
   * @throws MeshError PERMISSION_DENIED as `EvidenceUseCases.of`, FAILED_PRECONDITION when the login or token ends before
   */
  sign(
    acting: Acting,
    credentials: PresentedCredentials,
    digest: string,
    validForMs: number,
  ): Promise<string>;
  /**
   * @returns who signed, with what he may do now. @throws MeshError UNAUTHENTICATED when nobody has who may still
   *   speak, or something else
   */
  verify(text: string, digest: string): Promise<Principal>;
}

export interface OidcUseCases {
  /** Where to send the browser; sets nothing up when there is no provider. @throws MeshError UNIMPLEMENTED, UNAVAILABLE */
  begin(
    origin: RequestOrigin,
    callbackUrl: string,
  ): Promise<{ readonly location: string; readonly state: string }>;
  /** @param state as `begin` made it, from the browser's cookie */
  complete(
    callback: { readonly url: string; readonly state: string },
    origin: RequestOrigin,
  ): Promise<{ readonly secret: string; readonly principal: Principal }>;
}

export interface UserUseCases {
  list(acting: Acting): readonly UserView[];
  /** @throws MeshError NOT_FOUND */
  get(id: string, acting: Acting): UserView;
  /** @throws MeshError ALREADY_EXISTS, INVALID_ARGUMENT (unknown role) */
  create(creation: UserCreation, acting: Acting): Promise<UserView>;
  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when it would leave the mesh without an admin */
  change(id: string, change: UserChange, acting: Acting): Promise<UserView>;
  /** @throws MeshError as `change` */
  remove(id: string, confirmation: Confirmation, acting: Acting): Promise<void>;
  roles(): readonly RoleView[];
  /** @throws MeshError FAILED_PRECONDITION for a built-in role */
  putRole(name: string, change: RoleChange, acting: Acting): Promise<RoleView>;
  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION while users have it, or for a built-in one */
  removeRole(name: string, confirmation: Confirmation, acting: Acting): Promise<void>;
}

export interface ApiTokenUseCases {
  list(acting: Acting, all: boolean): readonly ApiTokenView[];
  /** For the acting user himself. */
  create(request: ApiTokenRequest, acting: Acting): Promise<NewApiToken>;
  /** One's own with one's password; anybody's with the authority's. @throws MeshError NOT_FOUND */
  revoke(id: string, confirmation: Confirmation, acting: Acting): Promise<void>;
}

export interface EnrolmentUseCases {
  pending(): readonly PendingNode[];
  /**
   * Takes note of a node that carries a join token and says where it waits: anybody may say so.
   *
   * @throws MeshError PERMISSION_DENIED when no good token has signed it, RESOURCE_EXHAUSTED
   */
  knock(knock: EnrolmentKnock, origin: Pick<RequestOrigin, "address">): void;
  /**
   * The proof that a node was revoked or left, for that node itself: nothing for anybody else.
   *
   * @throws MeshError RESOURCE_EXHAUSTED
   */
  revocationOf(question: RevocationQuestion, origin: Pick<RequestOrigin, "address">): RevocationAnswer;
  /** @throws MeshError NOT_FOUND when no pending node answers there */
  lookUp(lookup: PendingNodeLookup, acting: Acting): Promise<PendingNode>;
  /**
   * @throws MeshError UNAUTHENTICATED (the acting user's password), INVALID_ARGUMENT naming `code` when it is wrong,
   *   RESOURCE_EXHAUSTED while the node or this peer locks further attempts out, UNAVAILABLE when it cannot be reached
   */
  approve(node: NodeId, approval: Approval, acting: Acting): Promise<PendingNode>;
  joinTokens(): readonly JoinTokenView[];
  createJoinToken(request: JoinTokenRequest, acting: Acting): Promise<NewJoinToken>;
  revokeJoinToken(id: string, confirmation: Confirmation, acting: Acting): Promise<void>;
  /** Cuts a node off and changes what it knew. Revoking the node that serves the request is allowed. @throws MeshError NOT_FOUND */
  revoke(node: NodeId, request: RevocationRequest, acting: Acting): Promise<void>;
  /** This node leaves the mesh and wipes its keys; resolves when all that is left is to stop. */
  leave(confirmation: Confirmation, acting: Acting): Promise<void>;
}

export interface CertificateUseCases {
  list(): CertificateList;
  /** Of the mesh: PEM. */
  rootCertificate(): string;
  /** Renews this node's leaf now. */
  renew(acting: Acting): Promise<CertificateList>;
  clientCertificates(acting: Acting, all: boolean): readonly ClientCertificateView[];
  issueClientCertificate(request: ClientCertificateRequest, acting: Acting): Promise<NewClientCertificate>;
  revokeClientCertificate(fingerprint: string, confirmation: Confirmation, acting: Acting): Promise<void>;
}

export type AuditEntry = Pick<
  AuditRecord,
  "actor" | "userId" | "via" | "address" | "action" | "target" | "outcome" | "detail" | "correlationId"
>;

export interface AuditUseCases {
  /** Durable within a second; never throws: what cannot be written is logged and counted. */
  record(entry: AuditEntry): void;
  /** This node's own log, or another's: asked there on behalf of the acting user. */
  query(query: AuditQuery, acting: Acting, credentials: PresentedCredentials): Promise<AuditPage>;
}

/** All of it, as the API of a member calls it. */
export interface SecurityUseCases {
  readonly authenticator: Authenticator;
  readonly authorize: Authorize;
  readonly sessions: SessionUseCases;
  readonly evidence: EvidenceUseCases;
  readonly intents: IntentUseCases;
  readonly oidc: OidcUseCases;
  readonly users: UserUseCases;
  readonly apiTokens: ApiTokenUseCases;
  readonly enrolment: EnrolmentUseCases;
  readonly certificates: CertificateUseCases;
  readonly audit: AuditUseCases;
  /** For anybody who asks; `principal` is who does. */
  status(principal: Principal | undefined): SessionStatus;
}

/** What an unclaimed node can do. */
export interface SetupUseCases {
  /** @param origin who asks: it is by address that attempts are locked out */
  status(origin?: Pick<RequestOrigin, "address">): SessionStatus;
  /**
   * @throws MeshError INVALID_ARGUMENT naming `code` when it is wrong, RESOURCE_EXHAUSTED while attempts are locked
   *   out, FAILED_PRECONDITION when the node was claimed meanwhile
   */
  setUp(request: SetupRequest, origin: RequestOrigin): Promise<SetupResult>;
}
