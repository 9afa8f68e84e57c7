import type { Random } from "@pi-controller/runtime";
import type { MembershipState, NodeId } from "@pi-controller/schema";
import { claim, contradicted, reasonToLive, withKnownSignature } from "./claims.ts";
import { Dissemination } from "./dissemination.ts";
import { compareVersions, type Member, type MemberUpdate, supersedes, type Version } from "./member.ts";
import { isPresent, MemberTable } from "./member-table.ts";
import { Self } from "./self.ts";
import { isVouchedFor, type SelfReport } from "./self-report.ts";
import type { SelfReportSigner } from "./self-report-signer.ts";
import { confirmationsWanted, Suspicion } from "./suspicion.ts";
import type { SwimEffect } from "./swim-types.ts";
import { type MembershipTiming, minimumSilenceMs } from "./timing.ts";

/** News that ride on one message. */
const UPDATES_PER_MESSAGE = 16;
/** What others say of a silence counts for at most this long: the rest this peer wants to see itself. */
const MAXIMUM_HEARSAY_MS = 1_000;
/** After this process stood still, what others sent meanwhile is read before anybody is judged. */
const GRACE_AFTER_STALL_MS = 500;
/** About so many neighbours act on what all of them see at once, however many they are. */
const SPOKESMEN = 8;

/** How beliefs are tested. */
export interface Inquiry {
  /** Sends a probe, so that a suspicion is confirmed or denied. */
  check(id: NodeId, nowMs: number): void;
  /** Puts an accusation to a member that seems to be alive, so that it can deny it to all. */
  challenge(id: NodeId, accusation: MemberUpdate | undefined, nowMs: number): void;
  /** Tries to connect to a member that has no connection. */
  dial(id: NodeId, nowMs: number): void;
  /** Any sign of life; what waits for one is done. */
  heard(id: NodeId, nowMs: number): void;
  /** Somebody is silent, or is said to be. */
  alarm(nowMs: number): void;
  /** Hardly a probe is answered later than after this, in ms. */
  roundTripBoundMs(): number;
}

interface Components {
  readonly random: Random;
  readonly signer: SelfReportSigner;
  /** Whether others' word about somebody is taken in at all. */
  readonly isAllowed: (id: NodeId) => boolean;
  readonly emit: (effect: SwimEffect) => void;
  readonly inquiry: Inquiry;
}

interface Options {
  readonly self: NodeId;
  readonly bootEpoch: number;
  readonly timing: MembershipTiming;
}

/**
 * What this peer believes of each member, and how evidence and others' word change it.
 *
 * A member is judged by its silence. Others' word is weighed against this peer's own evidence: where it heard
 * of the accused later than the accuser, it does not join in but asks the accused to deny it.
 *
 * Every version that is believed in was signed by the member itself, and the signature is passed on with whatever
 * is said of that version. So nobody can call a member gone, or put it beyond its own denials by a version that it
 * never had; a false accusation of the version that it has is denied with the next one.
 */
export class Beliefs {
  readonly table = new MemberTable();
  readonly self: Self;
  readonly #components: Components;
  readonly #options: Options;
  readonly #suspicions = new Map<NodeId, Suspicion>();
  readonly #news = new Dissemination();
  /** No suspicion is due before then. */
  #nextDueAtMs = Infinity;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.self = new Self(components.signer, options.self, options.bootEpoch);
  }

  /** News for a message to `recipient`: first what is believed of itself, so that it can deny it. */
  updatesFor(recipient: NodeId): MemberUpdate[] {
    const news = this.#news.take(UPDATES_PER_MESSAGE, this.table.present);
    const member = this.table.get(recipient);
    if (member === undefined || member.state === "alive" || member.state === "unknown") return news;
    const believed = claim(member, member.state);
    return believed === undefined ? news : [believed, ...news.filter(({ id }) => id !== recipient)];
  }

  /**
   * What this peer believes of the members of some groups, for an exchange of views.
   *
   * @param told what the other one believes: that needs not be said again
   */
  view(buckets: readonly number[], told: readonly MemberUpdate[]): MemberUpdate[] {
    const wanted = new Set<number | undefined>(buckets);
    const known = new Map(told.map((update) => [update.id, update]));
    const updates: MemberUpdate[] = [];
    for (const member of this.table.all.values()) {
      if (!wanted.has(this.table.digest.bucketOf(member.id))) continue;
      const other = known.get(member.id);
      if (other?.state === member.state && compareVersions(other, member) === 0) continue;
      const update = member.state === "unknown" ? undefined : claim(member, member.state);
      if (update !== undefined) updates.push(update);
    }
    return updates;
  }

  /**
   * A member spoke, to this peer or to a helper.
   *
   * @returns false when it did not sign what it says, so that it counts as silent
   */
  hear(id: NodeId, report: SelfReport, nowMs: number): boolean {
    if (id === this.#options.self || !this.table.wouldAdmit(id, null)) return true;
    const known = this.table.get(id);
    if (known?.state === "alive" && report.state === "alive" && compareVersions(report, known) === 0) {
      // As nearly always.
      this.table.heard(id, nowMs);
      this.#components.inquiry.heard(id, nowMs);
      return true;
    }
    const update = { id, ...report };
    if ((known === undefined || supersedes(update, known)) && !this.#isProven(update, known)) return false;
    this.table.admit(id, null, nowMs);
    this.table.heard(id, nowMs);
    this.#components.inquiry.heard(id, nowMs);
    this.#takeIn(update, "news", nowMs);
    this.#answerFor(id, report, nowMs);
    return true;
  }

  /** It is there; if it is thought not to be, or to be in a later life, it does not know that yet. */
  #answerFor(id: NodeId, report: SelfReport, nowMs: number): void {
    const member = this.table.get(id);
    if (member === undefined || report.state === "left" || compareVersions(report, member) > 0) return;
    const suspicion = this.#suspicions.get(id);
    if (suspicion !== undefined) {
      suspicion.heard(nowMs);
      this.#plan(suspicion);
    }
    const { inquiry } = this.#components;
    if (member.state !== "alive") inquiry.challenge(id, undefined, nowMs);
    // Its counter of starts was set back, and an exchange of views leaves out the two who exchange them.
    else if (compareVersions(report, member) < 0) inquiry.challenge(id, claim(member, "alive"), nowMs);
  }

  /**
   * Takes in what somebody says of a member.
   *
   * @param kind a `view` may be older than what this peer knows, so its accusations are only a reason to ask
   * @returns false when the member never said what this presupposes: who passes that on does not check
   */
  learn(update: MemberUpdate, kind: "news" | "view", nowMs: number): boolean {
    if (update.id === this.#options.self) return this.#learnOfSelf(update);
    if (!this.#components.isAllowed(update.id) || !this.table.wouldAdmit(update.id, update)) return true;
    const known = this.table.get(update.id);
    if (known !== undefined && !supersedes(update, known)) {
      if (update.state === "suspect" && compareVersions(update, known) === 0) this.#confirm(update, known);
      return true;
    }
    if (!this.#isProven(update, known)) return false;
    this.#takeIn(update, kind, nowMs);
    return true;
  }

  /** @param update proven, and newer than what is believed */
  #takeIn(told: MemberUpdate, kind: "news" | "view", nowMs: number): void {
    const member = this.table.admit(told.id, told, nowMs);
    if (member === undefined || !supersedes(told, member)) return;
    const update = told.state === "left" ? told : withKnownSignature(told, member);
    const accusation = update.state === "suspect" || update.state === "dead";
    if (accusation && member.state === "alive" && (kind === "view" || contradicted(update, member, nowMs))) {
      this.#components.inquiry.challenge(update.id, update, nowMs);
      return;
    }
    this.#adopt(update, member, kind, nowMs);
  }

  /** A probe had no answer, or a connection was lost and could not be had again. */
  noAnswer(id: NodeId, silentSinceMs: number, reason: string, nowMs: number): void {
    const member = this.table.get(id);
    if (member === undefined || !isPresent(member.state)) return;
    if (member.lastHeardMs !== null && member.lastHeardMs >= silentSinceMs) return;
    const suspicion = this.#suspicions.get(id) ?? this.#suspect(member, silentSinceMs, reason, nowMs);
    if (suspicion.witnessed) return;
    suspicion.witnessed = true;
    suspicion.addWitness(this.#options.self);
    this.#plan(suspicion);
    if (suspicion.confirmations <= confirmationsWanted(this.table.present)) {
      this.#accuse(member, "suspect", nowMs - suspicion.silentSinceMs);
    }
    if (suspicion.confirmations > 0) return;
    this.#components.inquiry.check(id, nowMs);
    if (!member.connected) this.#components.inquiry.dial(id, nowMs);
  }

  /** The machine answered that no such process runs there. */
  refused(id: NodeId, reason: string, nowMs: number): void {
    const member = this.table.get(id);
    if (member === undefined || member.connected || !isPresent(member.state)) return;
    this.#change(member, "dead", member, reason, nowMs);
    // All its neighbours find out in the same moment.
    if (this.#isSpokesman()) this.#accuse(member, "dead", 0);
  }

  /** Suspicions that have run their time. */
  doWhatIsDue(nowMs: number): void {
    if (nowMs < this.#nextDueAtMs) return;
    this.#judge(nowMs);
    this.#nextDueAtMs = Infinity;
    for (const suspicion of this.#suspicions.values()) this.#await(suspicion);
  }

  /** When to call `doWhatIsDue` at the latest. */
  get nextDueAtMs(): number {
    return this.#nextDueAtMs;
  }

  #judge(nowMs: number): void {
    for (const [id, suspicion] of this.#suspicions) {
      const due = suspicion.due(nowMs, this.#options.timing.lastChanceMs);
      const member = this.table.get(id);
      if (due === undefined || member === undefined) continue;
      if (due === "last-chance") {
        if (suspicion.witnessed || member.connected) this.#components.inquiry.check(id, nowMs);
        continue;
      }
      const silentForMs = Math.round(nowMs - suspicion.silentSinceMs);
      const reason = `no sign of life for ${silentForMs} ms, which ${suspicion.confirmations} others confirm`;
      this.#change(member, "dead", member, reason, nowMs);
      this.#accuse(member, "dead", silentForMs);
    }
  }

  /**
   * This process stood still for a while: others were not silent in that time, it was deaf. They may be about to
   * declare it dead, and it says that it is not before it even reads what they said.
   */
  excuse(lostMs: number, nowMs: number): void {
    if (this.table.present > 0) {
      this.self.renew();
      this.#broadcast({ id: this.#options.self, ...this.self.report });
    }
    for (const suspicion of this.#suspicions.values()) {
      suspicion.excuse(lostMs, nowMs + GRACE_AFTER_STALL_MS);
      this.#plan(suspicion);
    }
  }

  /** No verdict before then. */
  adjourn(untilMs: number): void {
    for (const suspicion of this.#suspicions.values()) {
      suspicion.adjourn(untilMs);
      this.#plan(suspicion);
    }
  }

  drop(id: NodeId): void {
    this.#suspicions.delete(id);
    this.#news.remove(id);
  }

  leave(): void {
    this.self.leave();
    this.#broadcast({ id: this.#options.self, ...this.self.report });
  }

  #learnOfSelf(update: MemberUpdate): boolean {
    const verdict = this.self.hear(update);
    if (verdict === "unproven") return false;
    if (verdict === "agreed") return true;
    if (verdict === "outdated") this.#components.emit({ kind: "outdated", claim: update });
    this.#broadcast({ id: this.#options.self, ...this.self.report });
    return true;
  }

  /** A signature is verified once: from then on the version is known, and so is the word for it. */
  #isProven(update: MemberUpdate, known: Member | undefined): boolean {
    const isKnown =
      known?.signature !== undefined && update.state !== "left" && compareVersions(update, known) === 0;
    return isKnown || isVouchedFor(this.#components.signer, update);
  }

  #adopt(update: MemberUpdate, member: Member, kind: "news" | "view", nowMs: number): void {
    const teller = update.by === undefined ? "it was said" : `${update.by} said so`;
    // Who has just started learns of all members at once, of whom all others know: it would repeat them for minutes.
    const isCommon = kind === "view" && member.state === "unknown" && update.state === "alive";
    if (isCommon) this.#news.addCommon(update, this.table.all.size);
    else this.#news.add(update);
    switch (update.state) {
      case "alive":
        // Only a living member starts anew or denies its death.
        this.table.heard(member.id, nowMs);
        this.#change(member, "alive", update, reasonToLive(update, member), nowMs);
        return;
      case "left":
        this.#change(member, "left", update, "it said that it leaves", nowMs);
        return;
      case "dead":
        this.#change(member, "dead", update, teller, nowMs);
        return;
      case "suspect": {
        const silentForMs = Math.min(update.silentForMs ?? 0, MAXIMUM_HEARSAY_MS);
        const silentSinceMs = Math.max(nowMs - silentForMs, member.lastHeardMs ?? -Infinity);
        this.#change(member, "suspect", update, teller, nowMs);
        const suspicion = this.#begin(member.id, silentSinceMs);
        if (update.by !== undefined) suspicion.addWitness(update.by);
        this.#plan(suspicion);
        if (member.connected && this.#isSpokesman()) this.#components.inquiry.check(member.id, nowMs);
      }
    }
  }

  #confirm(update: MemberUpdate, member: Member): void {
    const suspicion = this.#suspicions.get(update.id);
    if (suspicion === undefined || update.by === undefined || !suspicion.addWitness(update.by)) return;
    this.#news.add(withKnownSignature(update, member));
    this.#plan(suspicion);
  }

  #suspect(member: Member, silentSinceMs: number, reason: string, nowMs: number): Suspicion {
    this.#change(member, "suspect", member, reason, nowMs);
    return this.#begin(member.id, silentSinceMs);
  }

  #begin(id: NodeId, silentSinceMs: number): Suspicion {
    const suspicion = new Suspicion(silentSinceMs, 0.5 + 0.5 * this.#components.random.next());
    this.#suspicions.set(id, suspicion);
    return suspicion;
  }

  #plan(suspicion: Suspicion): void {
    const { timing } = this.#options;
    const minimumMs = minimumSilenceMs(timing, this.#components.inquiry.roundTripBoundMs());
    const maximumMs = minimumMs * timing.unconfirmedFactor;
    suspicion.plan(confirmationsWanted(this.table.present), { minimumMs, maximumMs });
    this.#await(suspicion);
  }

  #await(suspicion: Suspicion): void {
    this.#nextDueAtMs = Math.min(this.#nextDueAtMs, suspicion.dueAtMs(this.#options.timing.lastChanceMs));
  }

  #change(
    member: Member,
    state: MembershipState,
    version: Version & Pick<Member, "signature">,
    reason: string,
    nowMs: number,
  ): void {
    this.#suspicions.delete(member.id);
    const change = this.table.change(member.id, state, version, reason, nowMs);
    if (state === "suspect" || state === "dead") this.#components.inquiry.alarm(nowMs);
    if (change !== undefined) this.#components.emit({ kind: "changed", change });
  }

  #accuse(member: Member, state: "suspect" | "dead", silentForMs: number): void {
    const update = claim(member, state);
    if (update === undefined) return;
    this.#broadcast({ ...update, by: this.#options.self, silentForMs: Math.round(silentForMs) });
  }

  #broadcast(update: MemberUpdate): void {
    this.#news.add(update);
    this.#components.emit({ kind: "broadcast", updates: [update] });
  }

  #isSpokesman(): boolean {
    return this.#components.random.next() * this.table.connected.size < SPOKESMEN;
  }
}
