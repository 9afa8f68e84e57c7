import {
  type Clock,
  Emitter,
  type Logger,
  LogLimiter,
  type Random,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { PeerGate } from "../gate/gate.ts";
import { encodeJson } from "../json-payload.ts";
import type { Gossip, GossipMessage, Network, NetworkEvent } from "../network.ts";
import { Correspondence } from "./correspondence.ts";
import { type Member, type MemberChange, VERSION_LIMIT } from "./member.ts";
import type { MembershipChange, MemberView } from "./member-view.ts";
import { decode, newsSchema } from "./messages.ts";
import type { ProbeMessage } from "./probe-codec.ts";
import type { SelfReportSigner } from "./self-report-signer.ts";
import { Swim } from "./swim.ts";
import type { SwimEffect, SwimInput } from "./swim-types.ts";
import { defaultTiming, type MembershipTiming } from "./timing.ts";

const TOPIC = "membership";
/** To connect, or to learn that nobody is there. */
const DIAL_TIMEOUT_MS = 1_000;
/** How long `leave` waits to be heard. */
const FAREWELL_TIMEOUT_MS = 500;
/** Whoever sends garbage sends a lot of it. */
const LOG_PERIOD_MS = 10_000;
/** So many neighbours are told of the departure in person; the rest hear it from them. */
const FAREWELLS = 64;

interface Components {
  readonly network: Network;
  readonly gossip: Gossip;
  /** Who can be a member: what others say of anybody else is left out. */
  readonly gate: PeerGate;
  readonly signer: SelfReportSigner;
  /** Whether somebody should be connected with this peer; everybody, when left out. */
  readonly isNeeded?: (peer: NodeId) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Options {
  /** Grows with every start of this peer. */
  readonly bootEpoch: number;
  readonly timing?: Partial<MembershipTiming>;
}

/**
 * Who is in the mesh, and who is alive. `Swim` decides; this carries its questions over the network, and what
 * happens there to it.
 */
export class Membership implements Service {
  readonly name = "membership";
  readonly #components: Components;
  readonly #swim: Swim;
  readonly #correspondence: Correspondence;
  readonly #limiter: LogLimiter;
  readonly #changes: Emitter<MembershipChange>;
  readonly #startedMs: number;
  #roster: ReadonlySet<NodeId> | undefined;
  #stops: Unsubscribe[] = [];
  #timer: Timer | undefined;
  /** When the timer fires; no earlier than the machine last wished, or it is set anew. */
  #timerAtMs = Infinity;
  #running = false;

  /** @throws MeshError INVALID_ARGUMENT for a boot epoch that other peers would not accept */
  constructor(components: Components, options: Options) {
    const { network, clock, gate, logger } = components;
    if (!(options.bootEpoch >= 0 && options.bootEpoch < VERSION_LIMIT)) {
      throw new MeshError(
        "INVALID_ARGUMENT",
        `The boot epoch ${options.bootEpoch} is not below 2 to the 48th`,
      );
    }
    this.#components = components;
    this.#startedMs = clock.monotonic();
    this.#swim = new Swim(
      { ...components, isAllowed: (id) => gate.allows(id) },
      {
        self: network.self,
        bootEpoch: options.bootEpoch,
        timing: { ...defaultTiming, ...options.timing },
      },
      this.#startedMs,
    );
    this.#correspondence = new Correspondence(components);
    this.#limiter = new LogLimiter(clock, LOG_PERIOD_MS);
    this.#changes = new Emitter((error) => logger.error({ error }, "A listener to membership failed"));
  }

  async start(): Promise<void> {
    const { network, gossip, gate } = this.#components;
    this.#running = true;
    this.#stops = [
      this.#correspondence.listen({
        probed: (peer, { report, updates }) => {
          this.#handle({ kind: "heard", peer, report, updates });
          return this.#message(peer);
        },
        compared: (peer, { report, digest }) => {
          this.#handle({ kind: "heard", peer, report, updates: [] });
          const isSame = digest === this.#swim.digest(peer);
          return { report: this.#swim.report, buckets: isSame ? null : this.#swim.bucketDigests(peer) };
        },
        synced: (peer, { report, updates, buckets }) => {
          this.#handle({ kind: "view", peer, report, updates });
          const told = [...updates, { id: peer, ...report }];
          return { report: this.#swim.report, updates: this.#swim.view(buckets, told) };
        },
        helping: (target) => this.#message(target),
        helped: (peer, { report, updates }) => this.#handle({ kind: "heard", peer, report, updates }),
      }),
      network.observe((event) => this.#onNetworkEvent(event)),
      gossip.subscribe(TOPIC, (message) => this.#onGossip(message)),
      gate.observe(() => this.#forgetDisallowed()),
    ];
    if (this.#roster !== undefined) this.#handle({ kind: "roster", ids: this.#roster });
    for (const { peer } of network.status().connections) this.#handle({ kind: "connected", peer });
    this.#handle({ kind: "tick" });
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#setTimer(Infinity);
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** All members with what is believed of them, this peer included. */
  members(): ReadonlyMap<NodeId, MemberView> {
    const offsetMs = this.#wallOffsetMs();
    const views = new Map<NodeId, MemberView>([[this.#components.network.self, this.#self()]]);
    for (const member of this.#swim.members.values()) views.set(member.id, viewOf(member, offsetMs));
    return views;
  }

  /** How many `members()` has, without the cost of all. */
  get size(): number {
    return this.#swim.members.size + 1;
  }

  /** One of `members()`, without the cost of all. */
  member(id: NodeId): MemberView | undefined {
    if (id === this.#components.network.self) return this.#self();
    const member = this.#swim.members.get(id);
    return member === undefined ? undefined : viewOf(member, this.#wallOffsetMs());
  }

  /**
   * Says which nodes there should be. New ones are `unknown` until something is heard of them; ones that were
   * there before and no longer are, are forgotten.
   */
  setRoster(ids: Iterable<NodeId>): void {
    this.#roster = new Set(ids);
    this.#handle({ kind: "roster", ids: this.#roster });
  }

  /** Forgets a member. What others still say of its past does not bring it back; its own word does. */
  forget(id: NodeId): void {
    this.#handle({ kind: "forget", id });
  }

  observe(listener: (change: MembershipChange) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** How far this peer doubts itself: 0 is healthy, 8 the most (Lifeguard's local health). */
  localHealth(): number {
    return this.#swim.localHealth;
  }

  /** Tells the mesh that this peer leaves. Resolves when neighbours know, at the latest after half a second. */
  async leave(): Promise<void> {
    const { network } = this.#components;
    if (!this.#running || this.#swim.report.state === "left") return;
    this.#handle({ kind: "leave" });
    const neighbours = network.status().connections.slice(0, FAREWELLS);
    await Promise.all(
      neighbours.map(({ peer }) =>
        this.#correspondence.probe(peer, this.#message(peer), FAREWELL_TIMEOUT_MS),
      ),
    );
  }

  #handle(input: SwimInput): void {
    if (!this.#running) return;
    const effects = this.#swim.handle(input, this.#components.clock.monotonic());
    // Most of what happens plans nothing earlier: then the timer stays, and finds perhaps that nothing is due.
    const wakeAtMs = this.#swim.nextWakeAtMs;
    if (wakeAtMs < this.#timerAtMs) this.#setTimer(wakeAtMs);
    for (const effect of effects) this.#perform(effect);
  }

  #setTimer(atMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === Infinity) return;
    const { clock } = this.#components;
    // In whole ms: Node's timers leave out the rest, and would fire once more for it.
    const delayMs = Math.ceil(atMs - clock.monotonic());
    this.#timer = clock.setTimer(() => {
      this.#timerAtMs = Infinity;
      this.#handle({ kind: "tick" });
    }, delayMs);
  }

  #perform(effect: SwimEffect): void {
    switch (effect.kind) {
      case "probe":
        this.#run(this.#probe(effect));
        return;
      case "ask-helpers":
        for (const helper of effect.helpers) this.#run(this.#askHelper(effect, helper));
        return;
      case "dial":
        this.#run(this.#dial(effect.peer));
        return;
      case "sync":
        this.#run(this.#sync(effect.peer));
        return;
      case "broadcast":
        this.#run(this.#components.gossip.publish(TOPIC, encodeJson({ updates: effect.updates })));
        return;
      case "changed":
        this.#changed(effect.change);
        return;
      case "unproven":
        this.#warn("unproven", effect, "Left out what a member was said to have said and did not sign");
        return;
      case "outdated":
        this.#components.logger.error(
          { claim: effect.claim },
          "The mesh knows a later start of this peer than this one: its data went back in time, or its key was copied",
        );
    }
  }

  /** What fails in the network is an answer; anything that still throws must not take the process down. */
  #run(work: Promise<void>): void {
    work.catch((error: unknown) => this.#warn("failed", { error }, "Membership could not do something"));
  }

  async #probe(effect: SwimEffect & { kind: "probe" }): Promise<void> {
    const { probe, target: peer } = effect;
    const message = { report: this.#swim.report, updates: effect.updates };
    const answer = await this.#correspondence.probe(peer, message);
    if (answer === "unsendable") this.#handle({ kind: "unsendable", probe });
    else if (answer !== "silent") this.#handle({ kind: "heard", peer, probe, ...answer });
  }

  async #askHelper(effect: SwimEffect & { kind: "ask-helpers" }, helper: NodeId): Promise<void> {
    const { probe, target, timeoutMs } = effect;
    const answer = await this.#correspondence.askHelper(helper, target, timeoutMs);
    if (typeof answer !== "string") this.#handle({ kind: "helped", probe, helper, report: answer.report });
  }

  async #dial(peer: NodeId): Promise<void> {
    const { outcome, reason } = await this.#components.network.dial({ peer }, DIAL_TIMEOUT_MS);
    this.#handle({ kind: "dialled", peer, outcome, reason });
  }

  /** Most of the time two peers agree; then a digest says all. */
  async #sync(peer: NodeId): Promise<void> {
    const comparison = { report: this.#swim.report, digest: this.#swim.digest(peer) };
    const theirs = await this.#correspondence.compare(peer, comparison);
    if (typeof theirs === "string") return;
    this.#handle({ kind: "heard", peer, report: theirs.report, updates: [] });
    if (theirs.buckets === null) return;
    const ours = this.#swim.bucketDigests(peer);
    const buckets = [...ours.keys()].filter((bucket) => ours[bucket] !== theirs.buckets?.[bucket]);
    if (buckets.length === 0) return;
    const updates = this.#swim.view(buckets, [{ id: peer, ...theirs.report }]);
    const answer = await this.#correspondence.sync(peer, { report: this.#swim.report, buckets, updates });
    if (typeof answer !== "string") this.#handle({ kind: "view", peer, ...answer });
  }

  #message(recipient: NodeId): ProbeMessage {
    const updates = this.#swim.updatesFor(recipient);
    return { report: this.#swim.report, updates };
  }

  /** Nodes of the roster that were never heard of stay: some are registered by hand and run no peer. */
  #forgetDisallowed(): void {
    const { gate } = this.#components;
    for (const { id, state } of [...this.#swim.members.values()]) {
      if (state !== "unknown" && !gate.allows(id)) this.forget(id);
    }
  }

  #onNetworkEvent(event: NetworkEvent): void {
    if (event.kind === "addresses-changed") return;
    const { kind, peer } = event;
    if (kind === "connected") this.#handle({ kind, peer });
    else this.#handle({ kind, peer, isMissed: this.#components.isNeeded?.(peer) ?? true });
  }

  #onGossip({ from, payload }: GossipMessage): void {
    try {
      this.#handle({ kind: "news", peer: from, updates: decode(newsSchema, payload).updates });
    } catch (error) {
      this.#warn("garbage", { from, error }, "Skipped broadcasts about membership that make no sense");
    }
  }

  #warn(kind: string, fields: object, message: string): void {
    this.#limiter.limit(kind, (suppressed) =>
      this.#components.logger.warn({ ...fields, suppressed }, message),
    );
  }

  #changed({ previous, member, reason }: MemberChange): void {
    const { id, state, bootEpoch, incarnation } = member;
    this.#components.logger.debug(
      { member: id, previous, state, bootEpoch, incarnation, reason },
      `A member is ${state}`,
    );
    this.#changes.emit({ id, previous, member: viewOf(member, this.#wallOffsetMs()), reason });
  }

  #self(): MemberView {
    const { network, clock } = this.#components;
    const nowMs = clock.monotonic();
    const { bootEpoch, incarnation, state } = this.#swim.report;
    const times = { sinceMs: this.#startedMs, lastHeardMs: nowMs, connected: true };
    return viewOf({ id: network.self, state, bootEpoch, incarnation, ...times }, this.#wallOffsetMs());
  }

  /** From monotonic time to the wall clock as it is now: right also when that was set meanwhile. */
  #wallOffsetMs(): number {
    const { clock } = this.#components;
    return clock.now() - clock.monotonic();
  }
}

function viewOf(member: Omit<Member, "signature">, wallOffsetMs: number): MemberView {
  const { id, state, sinceMs, incarnation, bootEpoch, lastHeardMs } = member;
  return {
    id,
    state,
    sinceMs: sinceMs + wallOffsetMs,
    incarnation,
    bootEpoch,
    lastHeardMs: lastHeardMs === null ? null : lastHeardMs + wallOffsetMs,
    lastHeardMonotonicMs: lastHeardMs,
  };
}
