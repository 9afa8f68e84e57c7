import type { Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Envelope, Signer, Statement, StatementOf, UserId } from "./statements.ts";

/**
 * What this peer has verified, as of one moment; immutable. Only what is valid now is in it: a revoked member, an
 * expired or revoked token, a deleted user, a token of a revoked node are not, except where a list says so.
 */
export interface TrustView {
  readonly meshId: string;
  readonly meshName: string;
  /** Ed25519, raw. */
  readonly authority: Uint8Array;
  /** PEM. */
  readonly rootCertificate: string;
  readonly members: ReadonlyMap<NodeId, StatementOf<"member">>;
  /** Nodes whose membership was revoked or that left, and that were not enrolled anew. */
  readonly revocations: ReadonlyMap<NodeId, StatementOf<"revocation">>;
  readonly authorityBoxes: StatementOf<"authority"> | undefined;
  readonly certificateRequests: ReadonlyMap<NodeId, StatementOf<"certificate-request">>;
  readonly certificates: ReadonlyMap<NodeId, StatementOf<"certificate">>;
  readonly meshSecrets: ReadonlyMap<NodeId, StatementOf<"mesh-secret">>;
  /** All that are not deleted, disabled ones included. */
  readonly users: ReadonlyMap<UserId, StatementOf<"user">>;
  /** Of the users, those who count as admins though their statements say otherwise: see `lastKeepers`. */
  readonly lastKeepers?: ReadonlySet<UserId>;
  readonly credentials: ReadonlyMap<UserId, StatementOf<"credential">>;
  /** Custom roles; the built-in ones are in the schema package. */
  readonly roles: ReadonlyMap<string, StatementOf<"role">>;
  /** All that are known, revoked and expired ones included: `isUsable` of its reader judges by time. */
  readonly joinTokens: ReadonlyMap<string, StatementOf<"join-token">>;
  readonly apiTokens: ReadonlyMap<string, StatementOf<"api-token">>;
  readonly clientCertificates: ReadonlyMap<string, StatementOf<"client-certificate">>;
  /** How many valid members a join token has admitted. */
  usesOf(joinToken: string): number;
}

type Draft<S> = S extends Statement
  ? Omit<S, "version" | "issuedAt"> & Partial<Pick<S, "version" | "issuedAt">>
  : never;
/** A statement of any kind before it is signed: version and time may be left to whoever signs. */
export type StatementDraft = Draft<Statement>;

/** What signs: the authority while it is unsealed, a node, a user while his key is unsealed, a join token. */
export interface SigningKey {
  readonly signer: Signer;
  sign(bytes: Uint8Array): Uint8Array;
}

export interface MergeResult {
  /** Keys of statements that were new. */
  readonly accepted: readonly string[];
  /** Why each of the others was not taken, apart from those that were known. */
  readonly rejected: readonly { readonly key: string | undefined; readonly reason: string }[];
}

/** What a program does with the trust of the mesh. */
export interface TrustPort {
  readonly view: TrustView;
  /** Calls back after the view has changed. */
  observe(listener: (view: TrustView) => void): Unsubscribe;
  /** Makes an envelope: of the next version of its key, issued now, unless the statement says otherwise. */
  sign(statement: StatementDraft, keys: readonly SigningKey[]): Envelope;
  /** The version that the next statement of a key should have. */
  nextVersion(key: string): number;
  /**
   * Takes statements in that somebody else made; on this peer's disk when it resolves.
   *
   * @throws MeshError only when they cannot be stored
   */
  merge(envelopes: readonly Envelope[]): Promise<MergeResult>;
  /**
   * Takes in statements that were made here and tells the mesh of them, through the mesh document.
   *
   * @throws MeshError FAILED_PRECONDITION when one of them does not verify: none is taken then
   */
  publish(envelopes: readonly Envelope[]): Promise<void>;
  /** Every statement that a new member needs, or that another peer asks for by key. */
  envelopes(keys?: readonly string[]): readonly Envelope[];
  /** Wall clock in ms that never lies before what is known to have happened; see `clockStatus`. */
  now(): number;
  /** Set while the system clock is behind what is known to have happened. */
  clockStatus(): ClockStatus | null;
}

export interface ClockStatus {
  readonly behindByMs: number;
}
