import type { MembershipState, NodeId } from "@pi-controller/schema";

/** What can be said of a member to others; `unknown` is only ever a peer's own lack of news. */
export type ReportedState = Exclude<MembershipState, "unknown">;

/** Versions end below this, so that no arithmetic on them leaves the safe integers. */
export const VERSION_LIMIT = 2 ** 48;

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
  /**
   * The member's own word for this version, in base64url: that it left when the state says so, else that it is
   * alive. Accusations carry it too: whoever made up a version could silence the member for good.
   */
  readonly signature: string;
  /** Who says so by its own observation. Only on `suspect` and `dead`. */
  readonly by?: NodeId | undefined;
  /** For how long `by` has had no sign of life, in ms, when it said so. */
  readonly silentForMs?: number | undefined;
}

/** What this peer believes of a member. Times are monotonic, in ms. */
export interface Member extends Version {
  readonly id: NodeId;
  /** The member's verified word for the version, to pass on; undefined while the state is `unknown`. */
  readonly signature: string | undefined;
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

/** What a member calls itself next, when it denies what is said of this version. */
export function versionAfter({ bootEpoch, incarnation }: Version): Version {
  if (incarnation + 1 < VERSION_LIMIT) return { bootEpoch, incarnation: incarnation + 1 };
  return bootEpoch + 1 < VERSION_LIMIT
    ? { bootEpoch: bootEpoch + 1, incarnation: 0 }
    : { bootEpoch, incarnation };
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
