import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Up to so many members each is connected to all others. */
const FULL_MESH = 32;
/** What broke a connection of two that reach each other shows within this long. */
const UNDISTURBED_MS = 45_000;

interface Pair {
  /** The two processes. */
  readonly peers: readonly [object, object];
  readonly sinceMs: number;
  /** When their connection was opened; undefined while there is none. */
  readonly openedAtMs: number | undefined;
}

/** In a mesh where each is connected to all, connections between two that reach each other stay; in the end all are there. */
export class ConnectionsStay implements Invariant {
  readonly name = "connections";
  #pairs = new Map<string, Pair>();

  check(world: World): void {
    if (world.machines.length > FULL_MESH) return;
    const nowMs = world.clock.monotonic();
    const pairs = new Map<string, Pair>();
    for (const [one, other] of pairsOf(world.machines)) {
      if (one.peer === undefined || other.peer === undefined || !world.reach(one, other)) continue;
      if (!isMember(one, other) || !isMember(other, one)) continue;
      const key = `${one.name} ${other.name}`;
      const openedAtMs = openedAt(one, other);
      const before = this.#pairs.get(key);
      const isSame = before?.peers[0] === one.peer && before.peers[1] === other.peer;
      const sinceMs = isSame ? before.sinceMs : nowMs;
      pairs.set(key, { peers: [one.peer, other.peer], sinceMs, openedAtMs });
      if (!isSame || nowMs - sinceMs < UNDISTURBED_MS || before.openedAtMs === undefined) continue;
      if (openedAtMs !== before.openedAtMs) world.violation(this.name, `${key} have closed their connection`);
    }
    this.#pairs = pairs;
  }

  *settled(world: World): Iterable<string> {
    const members = world.machines.filter(({ gone, peer }) => peer !== undefined && gone === undefined);
    if (members.length > FULL_MESH) return;
    for (const [one, other] of pairsOf(members)) {
      if (openedAt(one, other) === undefined) yield `${one.name} and ${other.name} are not connected`;
    }
  }
}

function* pairsOf(
  machines: readonly SimulatedMachine[],
): Generator<readonly [SimulatedMachine, SimulatedMachine]> {
  for (const [index, one] of machines.entries()) {
    for (const other of machines.slice(index + 1)) yield [one, other];
  }
}

function isMember(one: SimulatedMachine, other: SimulatedMachine): boolean {
  return one.gone === undefined && one.peer?.core.trust.view.members.has(other.id) === true;
}

function openedAt(one: SimulatedMachine, other: SimulatedMachine): number | undefined {
  return one.peer?.network.status().connections.find(({ peer }) => peer === other.id)?.openedAtMs;
}
