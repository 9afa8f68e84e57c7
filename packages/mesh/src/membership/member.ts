import type { MembershipState, NodeId } from "@pi-controller/schema";

/** What can be said of a member to others; `unknown` is only ever a peer's own lack of news. */
export type ReportedState = Exclude<MembershipState, "unknown">;

/**
 * Which life of a member, and which word within that life, a statement is about. A process that starts
 * again has a higher boot epoch; a member that denies its death raises its incarnation.
 */
export interface Version {
  readonly bootEpoch: number;
  readonly incarnation: number;
}

/** A statement about a member, as it travels. */
export interface MemberUpdate extends Version {
  readonly id: NodeId;
  readonly state: ReportedState;
  /** Who says so by its own observation. Only on `suspect` and `dead`. */
  readonly by?: NodeId | undefined;
  /** For how long `by` has had no sign of life, in ms, when it said so. */
  readonly silentForMs?: number | undefined;
}

/** What this peer believes of a member. Times are monotonic, in ms. */
export interface Member extends Version {
  readonly id: NodeId;
  readonly state: MembershipState;
  /** When the state became what it is. */
  readonly sinceMs: number;
  /** Last sign of life: a message of its own, an answer to a helper, or news that it denied its death. */
  readonly lastHeardMs: number | null;
  /** True while at least one connection to it is open. */
  readonly connected: boolean;
}

/** A change of state, or of the boot epoch when a member was seen again only after its restart. */
export interface MemberChange {
  readonly previous: MembershipState;
  readonly member: Member;
  /** Why, as a phrase for logs and people. */
  readonly reason: string;
}

/** Negative when `a` is older than `b`, zero when they are the same. */
export function compareVersions(a: Version, b: Version): number {
  return a.bootEpoch - b.bootEpoch || a.incarnation - b.incarnation;
}

/** Within one version the graver statement wins: only the member itself can take it back, with a new version. */
const gravity: Readonly<Record<MembershipState, number>> = {
  unknown: -1,
  alive: 0,
  suspect: 1,
  dead: 2,
  left: 3,
};

/**
 * Whether a statement replaces a belief (SWIM, section 4.2; `left` is the member's own word and final).
 *
 * Boot epoch and incarnation order lexicographically.
 */
export function supersedes(update: MemberUpdate, belief: Version & { state: MembershipState }): boolean {
  if (belief.state === "unknown") return true;
  const order = compareVersions(update, belief);
  return order > 0 || (order === 0 && gravity[update.state] > gravity[belief.state]);
}
