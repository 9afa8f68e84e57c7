import { seededRandom } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { MemberUpdate, Version } from "./member.ts";
import { type SelfReport, signSelfReport } from "./self-report.ts";
import { simulatedSigner } from "./simulated-signer.ts";
import { Swim } from "./swim.ts";
import type { SwimEffect, SwimInput } from "./swim-types.ts";
import { defaultTiming } from "./timing.ts";
import { VIEW_BUCKETS } from "./view-digest.ts";

const VERSION = { bootEpoch: 1, incarnation: 0 };

/** The whole view. */
export const ALL_BUCKETS = [...Array(VIEW_BUCKETS).keys()];

/** What a member says of itself. */
export const reportOf = (
  id: NodeId,
  state: SelfReport["state"] = "alive",
  version: Version = VERSION,
): SelfReport => signSelfReport(simulatedSigner(id), id, version, state);

/** What the machine under test says of itself. */
export const selfReport = (state: SelfReport["state"], incarnation: number) =>
  reportOf("self-0000", state, { bootEpoch: 1, incarnation });

/** A machine with its time, driven by hand. */
export class Driver {
  nowMs = 0;
  /** Signatures that were looked at. */
  verifiedCount = 0;
  readonly disallowed = new Set<NodeId>();
  readonly effects: SwimEffect[] = [];
  readonly swim: Swim;

  constructor(seed = 1) {
    const options = { self: "self-0000", bootEpoch: 1, timing: { ...defaultTiming, syncIntervalMs: 1e9 } };
    const signer = simulatedSigner("self-0000");
    const components = {
      random: seededRandom(seed),
      signer: {
        ...signer,
        verify: (...parameters: Parameters<typeof signer.verify>) => {
          this.verifiedCount++;
          return signer.verify(...parameters);
        },
      },
      isAllowed: (id: NodeId) => !this.disallowed.has(id),
    };
    this.swim = new Swim(components, options, 0);
    this.do({ kind: "tick" });
  }

  do(input: SwimInput): readonly SwimEffect[] {
    const effects = this.swim.handle(input, this.nowMs);
    this.effects.push(...effects);
    return effects;
  }

  /** Connects members that have introduced themselves. */
  with(...ids: NodeId[]): this {
    for (const peer of ids) {
      this.do({ kind: "connected", peer });
      this.do({ kind: "heard", peer, report: reportOf(peer), updates: [] });
    }
    return this;
  }

  /** Each in a message of its own. */
  news(...updates: MemberUpdate[]): readonly SwimEffect[] {
    return updates.flatMap((update) => this.message(update));
  }

  /** All in one. */
  message(...updates: MemberUpdate[]): readonly SwimEffect[] {
    return this.do({ kind: "news", peer: "teller-0000", updates });
  }

  /** Lets time pass, waking when the machine wants it; `answers` says who answers probes. */
  pass(durationMs: number, answers: (id: NodeId) => boolean = () => true): void {
    const endMs = this.nowMs + durationMs;
    let answered = this.effects.length;
    while (this.swim.nextWakeAtMs <= endMs) {
      this.nowMs = this.swim.nextWakeAtMs;
      this.do({ kind: "tick" });
      for (; answered < this.effects.length; answered++) {
        const effect = this.effects[answered];
        if (effect?.kind !== "probe" || !answers(effect.target)) continue;
        const { target: peer, probe } = effect;
        const member = this.swim.members.get(peer);
        const report = reportOf(peer, "alive", member);
        this.do({ kind: "heard", peer, report, updates: [], probe });
      }
    }
    this.nowMs = endMs;
  }

  state(id: NodeId): string | undefined {
    return this.swim.members.get(id)?.state;
  }

  broadcasts(): MemberUpdate[] {
    return this.effects.flatMap((effect) => (effect.kind === "broadcast" ? effect.updates : []));
  }

  probes(): NodeId[] {
    return this.effects.flatMap((effect) => (effect.kind === "probe" ? [effect.target] : []));
  }
}

/** What somebody says of a member, in a version that the member itself has had. */
export const about = (
  id: NodeId,
  state: MemberUpdate["state"],
  more: Partial<MemberUpdate> = {},
): MemberUpdate => {
  const version = { ...VERSION, ...more };
  return { ...reportOf(id, state === "left" ? "left" : "alive", version), id, state, ...more };
};
