import type { FencingToken, GpioValue, OnExpire, ReservationId } from "@pi-controller/schema";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import { FASTEST_CLOCK, type Life } from "./life.ts";

export interface GrantTerms {
  readonly id: ReservationId;
  readonly token: FencingToken;
  readonly user: string;
  readonly kind: "output" | "pwm";
  /** Null: until it is released. */
  readonly ttlMs: number | null;
  readonly watchdogMs: number | null;
  readonly onExpire: OnExpire;
  readonly preemptible: boolean;
  readonly keep: boolean;
}

/** Between what somebody asked and what he was told, ms of the world's monotonic clock. */
export interface Told {
  readonly sentMs: number;
  readonly answeredMs: number;
  /** Of the owner's machine when it was asked. */
  readonly life: Life;
}

/** An answer that comes late still counts from the moment in which its lease began: rounding and the way there. */
const ROUNDING_MS = 50;
/** How long an owner takes after a start until it looks at its leases. */
const START_MS = 15_000;

/**
 * One grant, as far as clients were told of it: from when until when it is held for certain, and when it is over for
 * certain. Between the two nobody outside of the owner knows.
 */
export class Grant {
  readonly terms: GrantTerms;
  readonly owner: SimulatedMachine;
  /** It did not begin before. */
  readonly begunMs: number;
  /** When somebody was first told of it. */
  readonly toldMs: number;
  /** Somebody has asked for something that may end it. */
  endAskedMs = Number.POSITIVE_INFINITY;
  /** Somebody was told that it has ended. */
  endToldMs = Number.POSITIVE_INFINITY;
  /** What was last acknowledged of values that are kept; undefined when it is not certain. */
  kept: GpioValue | undefined;
  readonly #world: World;
  #life: Life;
  #heldUntilMs: number;
  #overByMs: number;
  #writtenMs: number;

  /** @param isNew whether it cannot have begun before the request that told of it */
  constructor(world: World, owner: SimulatedMachine, terms: GrantTerms, told: Told, isNew: boolean) {
    this.#world = world;
    this.owner = owner;
    this.terms = terms;
    this.toldMs = told.answeredMs;
    this.begunMs = isNew ? told.sentMs : 0;
    this.#life = told.life;
    this.#writtenMs = this.begunMs;
    this.#heldUntilMs = this.#heldFrom({ ...told, sentMs: this.begunMs });
    this.#overByMs = this.#overFrom(told.answeredMs);
  }

  get name(): string {
    return `${this.terms.id.slice(-6)} ${this.terms.token}`;
  }

  /** A renewal was acknowledged. */
  renewed(told: Told): void {
    this.#overByMs = Math.max(this.#overByMs, this.#overFrom(told.answeredMs));
    if (!told.life.isStillOn(this.owner)) return;
    // Where the disk refuses it a restart may end it early.
    if (this.owner.disk.isFull || this.owner.disk.isBroken) return;
    this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#heldFrom(told));
    this.#life = told.life;
  }

  /** A renewal that nobody was told of may still be made until then. */
  mayBeRenewedUntil(latestMs: number): void {
    this.#overByMs = Math.max(this.#overByMs, this.#overFrom(latestMs));
  }

  written({ sentMs }: Told): void {
    this.#writtenMs = Math.max(this.#writtenMs, sentMs);
  }

  /** It is held for certain before this moment, by all that is known by now. */
  get heldUntilMs(): number {
    const { ttlMs, watchdogMs } = this.terms;
    if (this.owner.gone !== undefined) return 0;
    if (this.#mayBeForgotten || (ttlMs !== null && this.#life.isRebooted(this.owner))) return 0;
    const starvedMs =
      watchdogMs === null ? Number.POSITIVE_INFINITY : this.#writtenMs + watchdogMs / FASTEST_CLOCK;
    return Math.min(this.#heldUntilMs, this.endAskedMs, starvedMs);
  }

  /** It is over for certain from this moment on. */
  get overByMs(): number {
    if (this.#mayBeForgotten) return Number.POSITIVE_INFINITY;
    const { owner, terms } = this;
    if (terms.ttlMs === null || !this.#life.isRebooted(owner))
      return Math.min(this.#overByMs, this.endToldMs);
    // By the wall clock, which may say anything: at most one term from each start.
    const beganMs = owner.peer?.beganMs ?? Number.POSITIVE_INFINITY;
    return Math.min(Math.max(this.#overByMs, this.#overFrom(beganMs + START_MS)), this.endToldMs);
  }

  /** The owner may have lost what it had written down, and may take it back from others at any time. */
  get #mayBeForgotten(): boolean {
    return (
      this.#life.isRebooted(this.owner) && (this.#life.wasAtRisk || this.#world.forgetful.has(this.owner))
    );
  }

  #heldFrom({ sentMs, life }: Told): number {
    const { ttlMs } = this.terms;
    if (!life.isStillOn(this.owner)) return 0;
    return ttlMs === null ? Number.POSITIVE_INFINITY : sentMs + ttlMs / FASTEST_CLOCK;
  }

  #overFrom(latestMs: number): number {
    const { ttlMs } = this.terms;
    return ttlMs === null ? Number.POSITIVE_INFINITY : latestMs + ttlMs * FASTEST_CLOCK + ROUNDING_MS;
  }
}
