import type { NodeId } from "@pi-controller/schema";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Of one node, and of all nodes together: `metrics-budget.ts`. */
const MAX_POINTS_OF_NODE = 720;
const MAX_POINTS = 12_000;
/** A peer asks each other one a few things at a time. */
const MAX_REQUESTS_TO_EACH = 50;
/** The same event or sample in so many messages: it is told once, and a request may arrive twice. */
const MAX_TELLINGS = 3;
/** Whose metrics are looked at in one turn. */
const LOOKED_AT = 4;

/** What a peer remembers and waits for is bounded, and what it has told it does not tell again. */
export class NothingGrows implements Invariant {
  readonly name = "bounds";
  /** Processes whose gossip is listened to. */
  readonly #heard = new WeakSet<RunningPeer>();
  /** Ids of the events in a message, which many hear. */
  readonly #idsIn = new WeakMap<Uint8Array, readonly string[]>();
  #turn = 0;

  check(world: World): void {
    const running = world.machines.filter(({ isRunning }) => isRunning);
    for (const [index, machine] of running.entries()) {
      const { name, peer } = machine;
      if (peer === undefined) continue;
      if (!this.#heard.has(peer)) this.#listen(world, machine, peer);
      const waiting = world.hub.requestsUnderWay(machine.id);
      if (waiting > MAX_REQUESTS_TO_EACH * running.length) {
        world.violation(this.name, `${name} waits for ${waiting} answers`);
      }
      if ((index + this.#turn) % Math.ceil(running.length / LOOKED_AT) > 0) continue;
      for (const problem of problemsOfMetrics(world, peer)) world.violation(this.name, `${name} ${problem}`);
    }
    this.#turn++;
  }

  #listen(world: World, { name }: SimulatedMachine, peer: RunningPeer): void {
    this.#heard.add(peer);
    const tellings = new Map<string, number>();
    peer.gossip.subscribe("events", ({ from, payload }) => {
      for (const id of this.#eventIdsIn(payload)) {
        const count = (tellings.get(id) ?? 0) + 1;
        tellings.set(id, count);
        if (count !== MAX_TELLINGS) continue;
        world.violation(
          this.name,
          `${world.machine(from)?.name} tells ${name} the same event again and again`,
        );
      }
    });
  }

  #eventIdsIn(payload: Uint8Array): readonly string[] {
    const known = this.#idsIn.get(payload);
    if (known !== undefined) return known;
    const ids = eventIdsIn(payload);
    this.#idsIn.set(payload, ids);
    return ids;
  }
}

function* problemsOfMetrics(world: World, { core }: RunningPeer): Iterable<string> {
  let points = 0;
  for (const { id, name } of world.machines) {
    const times = timesOf(core, id);
    points += times.length;
    if (times.length > MAX_POINTS_OF_NODE) yield `remembers ${times.length} samples of ${name}`;
    if (isToldTooOften(times)) {
      yield `remembers the same sample of ${name} again and again`;
    }
  }
  if (points > MAX_POINTS) yield `remembers ${points} samples`;
}

/** Whether one of them is there too often. */
function isToldTooOften(times: readonly string[]): boolean {
  if (new Set(times).size > times.length - MAX_TELLINGS + 1) return false;
  return [...Map.groupBy(times, (time) => time).values()].some((same) => same.length >= MAX_TELLINGS);
}

function timesOf({ metrics }: RunningPeer["core"], node: NodeId): readonly string[] {
  return metrics.history(node, { limit: Number.MAX_SAFE_INTEGER }).map(({ sample }) => sample.time);
}

function eventIdsIn(payload: Uint8Array): readonly string[] {
  const { events } = JSON.parse(new TextDecoder().decode(payload)) as {
    readonly events: readonly { id: string }[];
  };
  return events.map(({ id }) => id);
}
