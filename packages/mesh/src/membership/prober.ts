import { jitter, type Random } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { LocalHealth } from "./local-health.ts";
import { type MemberUpdate, supersedes } from "./member.ts";
import { isPresent, type MemberTable } from "./member-table.ts";
import { ProbeOrder } from "./probe-order.ts";
import { type Probe, type ProbePurpose, Probes } from "./probes.ts";
import { RoundTrip } from "./round-trip.ts";
import type { SwimEffect } from "./swim-types.ts";
import { directTimeoutMs, type MembershipTiming, probeIntervalMs } from "./timing.ts";

/** How many helpers are asked (SWIM's k). */
const HELPERS = 3;
/** Helpers get this share of the time, so that "no answer" arrives before the one who asked gives up. */
const HELPER_SHARE = 0.7;
/**
 * One probe in so many goes to a member without a connection. That costs a handshake, and all that two peers tell each
 * other at the beginning; and whoever falls silent is missed by those connected to it. So it is rare in quiet times:
 * each member is asked so once in 5 s on average, by somebody. While members fall silent it is not: those that were
 * connected to one may have gone with it; and after a short cut both sides have open connections to members that they
 * believe dead. So the alarm lasts longer than a connection does that carries nothing.
 */
const STRANGER_EVERY = 50;
const STRANGER_EVERY_IN_ALARM = 8;
const ALARM_MS = 30_000;
/** So many members that a view accuses are asked at a time; the rest wait for the next turn. */
const CHALLENGES_PER_TURN = 10;
/** The same member is challenged at most this often. */
const CHALLENGE_INTERVAL_MS = 300;

interface Components {
  readonly random: Random;
  readonly table: MemberTable;
  readonly emit: (effect: SwimEffect) => void;
  /** What a message to this recipient should carry. */
  readonly updatesFor: (recipient: NodeId) => MemberUpdate[];
  readonly onSilence: (target: NodeId, sinceMs: number, nowMs: number) => void;
}

/** Whom to probe when, how long to wait, and whether to believe the outcome. */
export class Prober {
  readonly #components: Components;
  readonly #timing: MembershipTiming;
  readonly #probes = new Probes();
  readonly #neighbours: ProbeOrder;
  readonly #strangers: ProbeOrder;
  readonly #health = new LocalHealth();
  readonly #roundTrip = new RoundTrip();
  /** Members to be challenged, with what is to be put to them. */
  readonly #accused = new Map<NodeId, MemberUpdate | undefined>();
  readonly #challengedAtMs = new Map<NodeId, number>();
  #turns = 0;
  #alarmEndsMs = -Infinity;
  #turnAtMs: number;

  constructor(components: Components, timing: MembershipTiming, nowMs: number) {
    this.#components = components;
    this.#timing = timing;
    this.#neighbours = new ProbeOrder(components.random);
    this.#strangers = new ProbeOrder(components.random);
    // Peers that started together must not probe in step.
    this.#turnAtMs = nowMs + timing.probeIntervalMs * components.random.next();
  }

  get health(): LocalHealth {
    return this.#health;
  }

  get roundTripBoundMs(): number {
    return this.#roundTrip.boundMs;
  }

  get nextDueAtMs(): number {
    return Math.min(this.#turnAtMs, this.#probes.nextDueAtMs);
  }

  doWhatIsDue(nowMs: number): void {
    for (const probe of this.#probes.due(nowMs)) this.#overdue(probe, nowMs);
    if (nowMs < this.#turnAtMs) return;
    const { smoothedMs } = this.#roundTrip;
    const intervalMs = probeIntervalMs(this.#timing, smoothedMs, this.#health.multiplier);
    this.#turnAtMs = nowMs + jitter(this.#components.random, intervalMs, 0.1);
    const target = this.#nextTarget(nowMs);
    if (target !== undefined) this.send(target, "turn", nowMs);
    this.#challengeSome(nowMs);
  }

  send(target: NodeId, purpose: ProbePurpose, nowMs: number): void {
    const connectMs = this.#components.table.connected.has(target) ? 0 : this.#timing.dialTimeoutMs;
    const answerMs = directTimeoutMs(this.#timing, this.#roundTrip.boundMs, this.#health.multiplier);
    const probe = this.#probes.send(target, purpose, nowMs, nowMs + connectMs + answerMs);
    const news = this.#components.updatesFor(target);
    const updates = withAccusation(news, this.#accused.get(target));
    this.#accused.delete(target);
    this.#components.emit({ kind: "probe", probe: probe.number, target, updates });
  }

  /** Puts to a member, soon, what is said of it or believed of it here. */
  challenge(id: NodeId, accusation: MemberUpdate | undefined, nowMs: number): void {
    this.#accused.set(id, accusation ?? this.#accused.get(id));
    if (accusation === undefined) this.#challengeOne(id, nowMs);
  }

  /** @returns someone to exchange views with */
  pickNeighbour(): NodeId | undefined {
    return this.#neighbours.sample(1, (id) => this.#isNeighbour(id))[0];
  }

  connected(peer: NodeId): void {
    this.#neighbours.add(peer);
  }

  /** Somebody is silent, or is said to be: others may be too, unnoticed. */
  alarm(nowMs: number): void {
    this.#alarmEndsMs = nowMs + ALARM_MS;
  }

  /** Any sign of life answers every question about being alive. */
  heard(id: NodeId): void {
    for (const probe of this.#probes.endAllOf(id)) {
      if (probe.purpose === "turn" && probe.helpers === undefined) this.#health.adjust(-1);
    }
  }

  /** The answer to one probe; to be told before `heard`. */
  answered(number: number, nowMs: number): void {
    const probe = this.#probes.get(number);
    // With a connection only: the time to connect is no round trip.
    if (probe !== undefined && this.#components.table.connected.has(probe.target)) {
      this.#roundTrip.add(nowMs - probe.sentAtMs);
    }
  }

  unsendable(number: number, nowMs: number): void {
    const probe = this.#probes.get(number);
    if (probe !== undefined && probe.helpers === undefined) this.#overdue(probe, nowMs);
  }

  /** @returns whom a helper has answered about, while that is still asked */
  helped(number: number, helper: NodeId): NodeId | undefined {
    const probe = this.#probes.get(number);
    probe?.helpers?.waiting.delete(helper);
    return probe?.target;
  }

  /** This process stood still: whether answers came in time cannot be said. */
  excuse(nowMs: number): void {
    this.#probes.clear();
    this.#health.adjust(1);
    this.#turnAtMs = nowMs + this.#timing.probeIntervalMs * this.#components.random.next();
  }

  /** No probe counts as unanswered before then. */
  adjourn(untilMs: number): void {
    this.#probes.extend(untilMs);
  }

  drop(id: NodeId): void {
    this.#probes.endAllOf(id);
    this.#accused.delete(id);
    this.#challengedAtMs.delete(id);
  }

  #nextTarget(nowMs: number): NodeId | undefined {
    const { table } = this.#components;
    const neighbour = () =>
      this.#neighbours.take(
        () => table.connected,
        (id) => this.#isNeighbour(id),
      );
    const stranger = () =>
      this.#strangers.take(
        () => table.all.keys(),
        (id) => this.#isStranger(id),
      );
    const every = nowMs < this.#alarmEndsMs ? STRANGER_EVERY_IN_ALARM : STRANGER_EVERY;
    const strangerFirst = ++this.#turns % every === 0;
    return strangerFirst ? (stranger() ?? neighbour()) : (neighbour() ?? stranger());
  }

  /** Someone who can be asked without connecting first. */
  #isNeighbour(id: NodeId): boolean {
    const { table } = this.#components;
    const state = table.get(id)?.state;
    return table.connected.has(id) && (state === "unknown" || isPresent(state));
  }

  /** Someone without a connection, or with one although believed dead: it may have come back unheard. */
  #isStranger(id: NodeId): boolean {
    const { table } = this.#components;
    return table.connected.has(id) ? table.get(id)?.state === "dead" : table.isPresent(id);
  }

  #challengeSome(nowMs: number): void {
    let challenges = 0;
    for (const id of this.#accused.keys()) {
      if (++challenges > CHALLENGES_PER_TURN) break;
      this.#challengeOne(id, nowMs);
    }
    for (const [id, atMs] of this.#challengedAtMs) {
      if (nowMs - atMs >= CHALLENGE_INTERVAL_MS) this.#challengedAtMs.delete(id);
    }
  }

  #challengeOne(id: NodeId, nowMs: number): void {
    if (this.#challengedAtMs.has(id)) return;
    this.#challengedAtMs.set(id, nowMs);
    this.send(id, "check", nowMs);
  }

  #overdue(probe: Probe, nowMs: number): void {
    if (probe.purpose === "turn" && probe.helpers === undefined) {
      this.#askHelpers(probe, nowMs);
      return;
    }
    this.#probes.end(probe);
    if (probe.helpers !== undefined) {
      // Helpers that are silent as well say more of this peer than of the target (Lifeguard's missing nacks).
      const { asked, waiting } = probe.helpers;
      this.#health.adjust(asked === 0 ? 1 : waiting.size);
    }
    this.#components.onSilence(probe.target, probe.sentAtMs, nowMs);
  }

  #askHelpers(probe: Probe, nowMs: number): void {
    const timeoutMs = this.#timing.indirectTimeoutMs * this.#health.multiplier;
    const { table } = this.#components;
    const helpers = this.#neighbours.sample(
      HELPERS,
      (id) => id !== probe.target && table.connected.has(id) && table.get(id)?.state === "alive",
    );
    probe.helpers = { asked: helpers.length, waiting: new Set(helpers) };
    probe.dueAtMs = nowMs + timeoutMs;
    if (helpers.length === 0) return;
    this.#components.emit({
      kind: "ask-helpers",
      probe: probe.number,
      target: probe.target,
      helpers,
      timeoutMs: timeoutMs * HELPER_SHARE,
    });
  }
}

/** Puts it first, unless worse is to be said of that member: a message has one word about each. */
function withAccusation(news: MemberUpdate[], accusation: MemberUpdate | undefined): MemberUpdate[] {
  if (accusation === undefined) return news;
  const believed = news.find(({ id }) => id === accusation.id);
  if (believed !== undefined && !supersedes(accusation, believed)) return news;
  return [accusation, ...news.filter((update) => update !== believed)];
}
