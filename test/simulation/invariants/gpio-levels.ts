import { compareTokens } from "@pi-controller/gpio/testing";
import type { OnExpire } from "@pi-controller/schema";
import type { Grant } from "../gpio/grant.ts";
import { isRight, RIGHT_WITHIN_MS } from "../gpio/life.ts";
import type { PinStory } from "../gpio/pin-history.ts";
import { numberOf } from "../gpio/pin-requests.ts";
import type { PinCall } from "../gpio/watched-pins.ts";
import type { GpioClients } from "../workload/gpio-clients.ts";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** What a pin was last made to do by a process. */
interface PinState {
  readonly peer: RunningPeer | undefined;
  last: Exclude<PinCall["kind"], "let-go">;
  level: string | undefined;
}

/** A pin is in its safe state so long after the end of a lease, while its owner runs. */
const SAFE_WITHIN_MS = 2_000;
/** A process that has run for so long has looked at what was over when it began. */
const STARTED_WITHIN_MS = 5_000;

/**
 * What is at the pins is what their holders asked for: nobody else drives them, safe states come in time, and a stop
 * stops. Seen at the calls of drivers.
 */
export class PinsDoAsToldByHolders implements Invariant {
  readonly name = "levels of pins";
  readonly #clients: GpioClients;
  readonly #states = new Map<PinStory, PinState>();
  /** For how long a process was seen to run at a stretch. */
  readonly #runningMs = new Map<SimulatedMachine, { readonly peer: RunningPeer; sinceMs: number }>();
  readonly #told = new Set<string>();

  constructor(components: { readonly clients: GpioClients }) {
    this.#clients = components.clients;
  }

  begin(world: World): void {
    world.pinWatchers.add((machine, call) => this.#onCall(world, machine, call));
  }

  check(world: World): void {
    const nowMs = world.clock.monotonic();
    for (const story of this.#clients.history.stories()) {
      for (const maybe of story.maybes) {
        if (maybe.untilMs < nowMs) this.#clients.history.neverKnown(story, maybe);
      }
      if (this.#runsSince(story.owner, nowMs) > nowMs - SAFE_WITHIN_MS - 1_000) continue;
      this.#checkSafe(world, story, nowMs);
    }
  }

  #onCall(world: World, machine: SimulatedMachine, call: PinCall): void {
    const { history, operator } = this.#clients;
    const { peer } = machine;
    world.trace.add(world.clock.monotonic(), `${machine.name} GPIO${call.line}: ${textOf(call)}`);
    const story = history.story(machine, call.line);
    if (call.kind !== "let-go") {
      const level = call.kind === "drive" ? call.level : undefined;
      this.#states.set(story, { peer, last: call.kind, level });
    }
    if (call.kind !== "drive" && call.kind !== "signal") return;
    const nowMs = world.clock.monotonic();
    const pin = `GPIO${call.line} of ${machine.name}`;
    const isMoving = call.kind === "signal" && numberOf(call.dutyCycle) !== undefined;
    const safe = this.#safeLevels(story, nowMs);
    const isSafe = call.kind === "drive" ? safe?.has(call.level) !== false : !isMoving;
    if (operator.isStopped(machine) && !isSafe) {
      world.violation(this.name, `${pin} is driven (${textOf(call)}) while all outputs are stopped`);
    }
    if (call.kind === "signal") this.#checkSignal(world, story, call.dutyCycle, nowMs);
    else if (safe !== undefined && safe.size > 0 && !isSafe && !mayBeHeld(story, nowMs)) {
      world.violation(this.name, `${pin} is driven (${textOf(call)}) for nobody`);
    }
  }

  /** Each signal but those that stand still was asked for by one write. */
  #checkSignal(world: World, { owner, line, grants }: PinStory, dutyCycle: number, nowMs: number): void {
    const number = numberOf(dutyCycle);
    if (number === undefined) return;
    const pin = `GPIO${line} of ${owner.name}`;
    const signal = this.#clients.history.signals.get(number);
    const grant = signal?.grant;
    if (signal === undefined || grant === undefined) {
      world.violation(this.name, `${pin} has a signal that nobody asked for: ${dutyCycle}`);
      return;
    }
    const { id, token } = grant.terms;
    const later = grants.find(
      (other) =>
        other.terms.id !== id &&
        other.toldMs < nowMs &&
        compareTokens(other.terms.token, token) > 0 &&
        (grant.overByMs < Number.POSITIVE_INFINITY || other.heldUntilMs > nowMs),
    );
    signal.seenMs ??= nowMs;
    if (signal.seenMs > signal.untilMs + RIGHT_WITHIN_MS && isRight(world, owner)) {
      world.violation(
        this.name,
        `${pin} is driven as ${grant.name} left for it until ${Math.round(signal.untilMs)}`,
      );
    }
    // What is kept is driven again after a restart by whoever it was given to.
    const isGiven = grants.some(({ terms }) => terms.id === id && terms.token !== token);
    if (later !== undefined) {
      world.violation(this.name, `${pin} is driven as ${grant.name} wrote, after ${later.name} was granted`);
    } else if (grant.overByMs < nowMs && !isGiven && !this.#clients.history.isUncertain(grant)) {
      world.violation(
        this.name,
        `${pin} is driven as ${grant.name} wrote, which was over by ${Math.round(grant.overByMs)}`,
      );
    }
  }

  #checkSafe(world: World, story: PinStory, nowMs: number): void {
    const last = story.grants.at(-1);
    if (last === undefined || mayBeHeld(story, nowMs - SAFE_WITHIN_MS)) return;
    if (last.begunMs < story.doubtMs) return;
    const state = this.#states.get(story);
    if (state === undefined || state.peer !== story.owner.peer) return;
    const { terms } = last;
    if (isAs(terms.onExpire, state)) return;
    const key = `${story.owner.name} ${story.line} ${last.name}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    world.violation(
      this.name,
      `GPIO${story.line} of ${story.owner.name} should be ${terms.onExpire} after ${last.name}, which was over by ${Math.round(last.overByMs)}, and is ${state.level ?? state.last}`,
    );
  }

  /** What it may be driven to by those whose leases end; undefined when that is not known. */
  #safeLevels({ grants, maybes }: PinStory, nowMs: number): ReadonlySet<string> | undefined {
    for (const { untilMs } of maybes) if (untilMs >= nowMs) return undefined;
    return new Set(grants.map(({ terms }) => terms.onExpire));
  }

  #runsSince(machine: SimulatedMachine, nowMs: number): number {
    const { peer } = machine;
    if (!machine.isRunning || peer === undefined) {
      this.#runningMs.delete(machine);
      return nowMs;
    }
    const known = this.#runningMs.get(machine);
    if (known?.peer === peer) return known.sinceMs;
    const sinceMs = Math.max(nowMs, peer.beganMs + STARTED_WITHIN_MS);
    this.#runningMs.set(machine, { peer, sinceMs });
    return sinceMs;
  }
}

function mayBeHeld({ grants, maybes }: PinStory, nowMs: number): boolean {
  for (const { untilMs } of maybes) if (untilMs >= nowMs) return true;
  return grants.some((grant: Grant) => grant.overByMs >= nowMs);
}

function isAs(onExpire: OnExpire, { last, level }: PinState): boolean {
  if (onExpire === "hold") return true;
  if (onExpire === "input") return last === "input";
  // Under a stop a pin is as its holder agreed to; a pin that was never set up is not driven.
  return last === "drive" && level === onExpire;
}

function textOf(call: PinCall): string {
  if (call.kind === "drive") return call.level;
  return call.kind === "signal" ? `signal ${call.dutyCycle}` : call.kind;
}
