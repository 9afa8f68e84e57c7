import type {
  FencingToken,
  GpioMode,
  GpioQuota,
  MeshError,
  PwmMode,
  ReservationId,
  ReservationRecord,
} from "@pi-controller/schema";

/**
 * What a reservation takes. Two claims on one key conflict unless both have the same `share`: all devices of a bus
 * share its pins, and nobody else may have them.
 */
export interface Claim {
  /** As `gpio:18`, `pwm:pwm0`, `i2c-1:0x48`, `spi-0.0`. */
  readonly key: string;
  readonly share: string | null;
}

/** Looks at the board. */
export interface ResourceRules {
  /** Canonical text. @throws MeshError INVALID_ARGUMENT that names the field `resource` and what was expected */
  canonical(text: string): string;
  /**
   * @throws MeshError INVALID_ARGUMENT for a mode that the resource cannot have, FAILED_PRECONDITION for what is
   *   reserved for something on the board or is a pin of a bus that is on
   */
  claims(resource: string, mode: GpioMode): readonly Claim[];
  /**
   * Ways in which a PWM signal of this frequency can be made at the pin, the better one first; never empty. One where
   * `method` names it. @throws as `claims`
   */
  pwmMethods(resource: string, mode: PwmMode): readonly PwmMethod[];
}

export type PwmMethod = "hardware" | "software";

/** What counts against a quota. */
export interface Usage {
  readonly pins: number;
  readonly pwm: number;
  readonly i2cDevices: number;
  readonly spiDevices: number;
  readonly powerMilliwatts: number;
}

export interface Limits {
  quotaOf(namespace: string): GpioQuota | undefined;
  /** What a tenant holds on other nodes, as far as their documents say. */
  usedElsewhere(namespace: string): Usage;
  /** Of this board; null: unlimited. */
  readonly boardMilliwatts: number | null;
}

/** A reservation of this node in memory: the record, and what is not written down. */
export interface Entry {
  readonly record: ReservationRecord;
  readonly claims: readonly Claim[];
  /** End of the term (granted) or of the wait (waiting), by the machine's monotonic clock; null: none. */
  readonly endsAtMs: number | null;
  /** Of the last write; for the watchdog. */
  readonly lastWriteMs: number;
}

/** All reservations of this node. Immutable to whoever decides; the owner replaces entries. */
export interface Ledger {
  readonly entries: ReadonlyMap<ReservationId, Entry>;
}

export type Decision =
  /** It gets it; those named lose theirs to it. */
  | { readonly kind: "grant"; readonly preempted: readonly ReservationId[] }
  | { readonly kind: "wait"; readonly position: number }
  | { readonly kind: "refuse"; readonly error: MeshError };

export type EndReason =
  | "released"
  | "expired"
  | "watchdog"
  | "preempted"
  | "forced"
  | "gave up waiting"
  | "not restored";

/** One moment on both clocks of a machine. */
export interface Instant {
  /** Monotonic, as `Entry.endsAtMs`. */
  readonly uptimeMs: number;
  /** Since 1970, as people read it. */
  readonly wallMs: number;
}

/** Pure decisions, one file each beside this one, with these signatures. */
export interface LedgerDecisions {
  /**
   * Makes `auto` of a PWM one of its methods, before `decide`: what the record then says stands for its whole life, over
   * restarts too, and its holder sees it. Hardware, unless another pin has or waits for the channel. Other modes
   * come back as they are. @throws MeshError as `ResourceRules.claims`
   */
  settleMode(ledger: Ledger, rules: ResourceRules, resource: string, mode: GpioMode): GpioMode;
  /**
   * What becomes of a new reservation (its record as it would be, `waiting`), among those that there are. Its id has
   * to be higher than those of all that were asked for before, since that is the order in line.
   *
   * @param at lets a refusal say when the lease that is in the way ends
   */
  decide(
    ledger: Ledger,
    asked: Pick<Entry, "record" | "claims"> & { readonly preempt: boolean; readonly mayWait: boolean },
    limits: Limits,
    at?: Instant,
  ): Decision;
  /** Place in line from 1: how many go first of those that ask for the same, and one. Null when it does not wait. */
  positionOf(ledger: Ledger, id: ReservationId): number | null;
  /**
   * Who of those in line gets what he waits for now: higher priority first, then who came first. Nobody passes one
   * that waits for the same claims, unless it is a quota or the power budget that keeps that one from them.
   */
  nextInLine(ledger: Ledger, limits: Limits): readonly ReservationId[];
  /** Whose time is over, and when to look again (ms of the same clock; null: no need). */
  overdue(
    ledger: Ledger,
    nowMs: number,
  ): {
    readonly ended: readonly { readonly id: ReservationId; readonly reason: EndReason }[];
    readonly nextMs: number | null;
  };
  /** @returns below 0 when the first is the older one */
  compareTokens(one: FencingToken, other: FencingToken): number;
}
