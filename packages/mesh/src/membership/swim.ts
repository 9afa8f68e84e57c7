import { jitter, type Random } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { Beliefs } from "./beliefs.ts";
import type { Member, MemberUpdate } from "./member.ts";
import { isPresent } from "./member-table.ts";
import { Prober } from "./prober.ts";
import type { SelfReport } from "./self-report.ts";
import type { SelfReportSigner } from "./self-report-signer.ts";
import type { SwimEffect, SwimInput } from "./swim-types.ts";
import { type MembershipTiming, syncIntervalMs } from "./timing.ts";

interface Components {
  readonly random: Random;
  readonly signer: SelfReportSigner;
  /** Whether others' word about somebody is taken in at all. */
  readonly isAllowed: (id: NodeId) => boolean;
}

interface Options {
  readonly self: NodeId;
  readonly bootEpoch: number;
  readonly timing: MembershipTiming;
}

interface Message {
  readonly peer: NodeId;
  readonly updates: readonly MemberUpdate[];
}

/**
 * Failure detection as a state machine: SWIM (Das et al., 2002) with Lifeguard (arXiv 1707.00788). It knows
 * no clock, socket or timer: it is told what happened and when (monotonic, in ms), and says what is to be
 * done.
 */
export class Swim {
  readonly #options: Options;
  readonly #random: Random;
  readonly #beliefs: Beliefs;
  readonly #prober: Prober;
  /** When the dials that are under way began. */
  readonly #dialsAtMs = new Map<NodeId, number>();
  #effects: SwimEffect[] = [];
  #syncAtMs: number;
  #stalledAtMs = -Infinity;
  /** Nothing is planned before the first input, however long that takes to come. */
  #wakeAtMs = Infinity;

  constructor(components: Components, options: Options, nowMs: number) {
    const { random } = components;
    const emit = (effect: SwimEffect) => void this.#effects.push(effect);
    this.#options = options;
    this.#random = random;
    this.#beliefs = new Beliefs(
      {
        ...components,
        emit,
        inquiry: {
          check: (id, atMs) => this.#prober.send(id, "check", atMs),
          challenge: (id, accusation, atMs) => this.#prober.challenge(id, accusation, atMs),
          dial: (id, atMs) => this.#dial(id, atMs),
          heard: (id) => this.#prober.heard(id),
          alarm: (atMs) => this.#prober.alarm(atMs),
          roundTripBoundMs: () => this.#prober.roundTripBoundMs,
        },
      },
      options,
    );
    this.#prober = new Prober(
      {
        random,
        table: this.#beliefs.table,
        emit,
        updatesFor: (recipient) => this.updatesFor(recipient),
        onSilence: (target, sinceMs, atMs) =>
          this.#beliefs.noAnswer(target, sinceMs, "it did not answer", atMs),
      },
      options.timing,
      nowMs,
    );
    this.#syncAtMs = nowMs + options.timing.syncIntervalMs * random.next();
  }

  /** Everyone known but this peer itself. */
  get members(): ReadonlyMap<NodeId, Member> {
    return this.#beliefs.table.all;
  }

  get report(): SelfReport {
    return this.#beliefs.self.report;
  }

  /** 0 when healthy, up to 8. */
  get localHealth(): number {
    return this.#prober.health.score;
  }

  /** When to call `handle` with a tick at the latest. */
  get nextWakeAtMs(): number {
    return this.#wakeAtMs;
  }

  /** News for an answer to `recipient`; what is in it counts as passed on. */
  updatesFor(recipient: NodeId): MemberUpdate[] {
    return this.#beliefs.updatesFor(recipient);
  }

  /** In short, for `peer` to compare with, what this one believes of others. */
  digest(peer: NodeId): string {
    return this.#beliefs.table.digest.total(peer);
  }

  /** The same for each group of members, in order. */
  bucketDigests(peer: NodeId): string[] {
    return this.#beliefs.table.digest.buckets(peer);
  }

  /** What this peer believes of the members of some groups, but for what it was just `told`. */
  view(buckets: readonly number[], told: readonly MemberUpdate[] = []): MemberUpdate[] {
    return this.#beliefs.view(buckets, told);
  }

  /** Takes in what happened and does what is due. */
  handle(input: SwimInput, nowMs: number): readonly SwimEffect[] {
    this.#effects = [];
    const lateMs = nowMs - this.#wakeAtMs;
    const { ownDelayMs, ownStallMs } = this.#options.timing;
    if (lateMs > ownStallMs) this.#recoverFromStall(lateMs, nowMs);
    else if (lateMs > ownDelayMs) this.#adjourn(nowMs + 2 * lateMs);
    this.#take(input, nowMs);
    if (this.#beliefs.self.leaving) {
      this.#wakeAtMs = Infinity;
    } else {
      this.#doWhatIsDue(nowMs);
      this.#wakeAtMs = this.#nextDueAtMs();
    }
    return this.#effects;
  }

  #take(input: SwimInput, nowMs: number): void {
    switch (input.kind) {
      case "tick":
        return;
      case "heard":
        if (input.probe !== undefined) this.#prober.answered(input.probe, nowMs);
        this.#hear(input, "news", nowMs);
        return;
      case "view":
        this.#hear(input, "view", nowMs);
        return;
      case "news":
        this.#learn(input, "news", nowMs);
        return;
      case "unsendable":
        this.#prober.unsendable(input.probe, nowMs);
        return;
      case "helped": {
        const target = this.#prober.helped(input.probe, input.helper);
        if (target === undefined || input.report === null) return;
        if (!this.#beliefs.hear(target, input.report, nowMs)) {
          this.#unproven(input.helper, { id: target, ...input.report });
        }
        return;
      }
      case "connected":
        this.#connected(input.peer, nowMs);
        return;
      case "disconnected":
        this.#disconnected(input, nowMs);
        return;
      case "dialled":
        this.#dialled(input, nowMs);
        return;
      case "roster":
        for (const id of this.#beliefs.table.setRoster(input.ids, this.#options.self, nowMs)) this.#drop(id);
        return;
      case "forget":
        this.#beliefs.table.forget(input.id);
        this.#drop(input.id);
        return;
      case "leave":
        this.#beliefs.leave();
    }
  }

  #hear(input: SwimInput & { kind: "heard" | "view" }, kind: "news" | "view", nowMs: number): void {
    const { peer, report } = input;
    if (this.#beliefs.hear(peer, report, nowMs)) this.#learn(input, kind, nowMs);
    else this.#unproven(peer, { id: peer, ...report });
  }

  /**
   * Bounds what a message can cost: the first word about each member counts, so that nobody has this peer verify
   * thousands of its own reports; and whoever checks what it passes on passes on nothing unproven, so the rest of a
   * message that has such is left out.
   */
  #learn(message: Message, kind: "news" | "view", nowMs: number): void {
    if (message.updates.length === 0) return;
    const told = new Set<NodeId>();
    const unproven = message.updates.find((update) => {
      if (told.has(update.id)) return false;
      told.add(update.id);
      return !this.#beliefs.learn(update, kind, nowMs);
    });
    if (unproven !== undefined) this.#unproven(message.peer, unproven);
  }

  #unproven(teller: NodeId, update: MemberUpdate): void {
    this.#effects.push({ kind: "unproven", teller, update });
  }

  #connected(peer: NodeId, nowMs: number): void {
    const { table } = this.#beliefs;
    const member = table.admit(peer, null, nowMs);
    table.setConnected(peer, true);
    table.heard(peer, nowMs);
    this.#prober.connected(peer);
    // One of the two begins, and it is the same one on both sides.
    if (this.#options.self < peer) this.#effects.push({ kind: "sync", peer });
    // The other one waits for that, unless it has something to tell.
    else if (member !== undefined && member.state !== "alive") this.#prober.send(peer, "check", nowMs);
  }

  /** Who closes a connection that neither of the two needs is not asked why: he would close the next one, too. */
  #disconnected({ peer, isMissed }: SwimInput & { kind: "disconnected" }, nowMs: number): void {
    this.#beliefs.table.setConnected(peer, false);
    if (isMissed && this.#beliefs.table.isPresent(peer)) this.#dial(peer, nowMs);
  }

  #dial(peer: NodeId, nowMs: number): void {
    if (this.#dialsAtMs.has(peer)) return;
    this.#dialsAtMs.set(peer, nowMs);
    this.#effects.push({ kind: "dial", peer });
  }

  #dialled(input: SwimInput & { kind: "dialled" }, nowMs: number): void {
    const { peer, outcome } = input;
    const begunAtMs = this.#dialsAtMs.get(peer);
    this.#dialsAtMs.delete(peer);
    const member = this.#beliefs.table.get(peer);
    if (begunAtMs === undefined || !isPresent(member?.state)) return;
    const reason = input.reason === undefined ? "" : ` (${input.reason})`;
    switch (outcome) {
      case "connected":
        this.#beliefs.table.heard(peer, nowMs);
        return;
      case "refused":
        this.#beliefs.refused(peer, `its machine refuses connections${reason}`, nowMs);
        return;
      case "unreachable":
        // While this process stands still, everyone is out of reach.
        if (begunAtMs <= this.#stalledAtMs) this.#dial(peer, nowMs);
        else this.#beliefs.noAnswer(peer, begunAtMs, `it cannot be reached${reason}`, nowMs);
    }
  }

  #doWhatIsDue(nowMs: number): void {
    this.#prober.doWhatIsDue(nowMs);
    this.#beliefs.doWhatIsDue(nowMs);
    if (nowMs < this.#syncAtMs) return;
    const peer = this.#prober.pickNeighbour();
    if (peer !== undefined) this.#effects.push({ kind: "sync", peer });
    const intervalMs = syncIntervalMs(this.#options.timing, this.#beliefs.table.present + 1);
    this.#syncAtMs = nowMs + jitter(this.#random, intervalMs, 0.2);
  }

  #nextDueAtMs(): number {
    return Math.min(this.#prober.nextDueAtMs, this.#beliefs.nextDueAtMs, this.#syncAtMs);
  }

  #recoverFromStall(lateMs: number, nowMs: number): void {
    this.#stalledAtMs = nowMs;
    this.#prober.excuse(nowMs);
    this.#beliefs.excuse(lateMs, nowMs);
  }

  /** Nothing is concluded before what has arrived is read: Node runs timers before it reads. */
  #adjourn(untilMs: number): void {
    this.#prober.adjourn(untilMs);
    this.#beliefs.adjourn(untilMs);
  }

  #drop(id: NodeId): void {
    this.#prober.drop(id);
    this.#beliefs.drop(id);
  }
}
