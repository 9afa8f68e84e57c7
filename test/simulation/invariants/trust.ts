import { nodesCollection } from "@pi-controller/nodes";
import type { NodeId } from "@pi-controller/schema";
import { countersCollection } from "../workload/document-writes.ts";
import { type RunningMember, runningMembers } from "../workload/people.ts";
import { rogueRecordOf } from "../workload/revocations.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Who is found to be no member is cut off within this. */
const CUT_OFF_WITHIN_MS = 2_000;
/** What was passed on just before everybody knew may still arrive. */
const IN_FLIGHT_MS = 3_000;

/**
 * Whoever was revoked is out: he is connected to nobody who knows, nothing that he writes when all know reaches
 * anybody, and in the end all know, and nobody lists him. All members hold the same statements and the same secret.
 */
export class TrustHolds implements Invariant {
  readonly name = "trust";
  /** Since when a member is connected to somebody whom it does not take for a member, by the two. */
  readonly #connected = new Map<string, number>();
  /** Whom a process knows to be revoked. */
  readonly #known = new Map<object, Set<NodeId>>();
  /** When somebody who is a member, and runs, did not know last that a node was revoked. */
  readonly #lastUnawareMs = new Map<NodeId, number>();

  check(world: World): void {
    this.#checkConnections(world);
    this.#checkMemory(world);
    this.#checkRogues(world);
  }

  #checkConnections(world: World): void {
    const nowMs = world.clock.monotonic();
    const seen = new Set<string>();
    for (const { machine, peer } of runningMembers(world)) {
      for (const { peer: other } of peer.network.status().connections) {
        if (peer.core.trust.view.members.has(other)) continue;
        const pair = `${machine.name} is connected to ${nameOf(world, other)}, which it takes for no member`;
        seen.add(pair);
        const sinceMs = this.#connected.get(pair) ?? nowMs;
        this.#connected.set(pair, sinceMs);
        if (nowMs - sinceMs < CUT_OFF_WITHIN_MS) continue;
        world.violation(this.name, pair);
        this.#connected.set(pair, Number.POSITIVE_INFINITY);
      }
    }
    for (const pair of this.#connected.keys()) if (!seen.has(pair)) this.#connected.delete(pair);
  }

  /** What a machine has on its disk it does not forget, unless the disk is set back. */
  #checkMemory(world: World): void {
    for (const machine of world.machines) {
      const { peer } = machine;
      if (peer === undefined || machine.isRogue) continue;
      const known = this.#known.get(machine) ?? new Set();
      if (!this.#known.has(machine)) this.#known.set(machine, known);
      const { members, revocations } = peer.core.trust.view;
      for (const id of known) {
        if (!members.has(id)) continue;
        known.delete(id);
        if (!world.forgetful.has(machine)) {
          world.violation(this.name, `${machine.name} has forgotten that ${nameOf(world, id)} is out`);
        }
      }
      for (const id of revocations.keys()) known.add(id);
    }
  }

  #checkRogues(world: World): void {
    const nowMs = world.clock.monotonic();
    for (const rogue of world.machines) {
      if (!rogue.isRogue) continue;
      const isUnaware = world.machines.some(
        ({ gone, isRogue, peer }) =>
          gone === undefined &&
          !isRogue &&
          peer !== undefined &&
          !peer.core.trust.view.revocations.has(rogue.id),
      );
      if (isUnaware) this.#lastUnawareMs.set(rogue.id, nowMs);
      const allKnewMs = this.#lastUnawareMs.get(rogue.id) ?? nowMs;
      for (const { machine, peer } of runningMembers(world)) {
        const { documents } = peer.core;
        for (const document of [documents.mesh, documents.node(rogue.id)]) {
          const { count } = document.collection(countersCollection).get(rogueRecordOf(rogue)) ?? { count: 0 };
          if (count <= allKnewMs + IN_FLIGHT_MS) continue;
          const when = `at ${count} ms, when all had known since ${Math.round(allKnewMs)} ms that it is out`;
          world.violation(this.name, `${machine.name} took what ${rogue.name} wrote ${when}`);
          this.#lastUnawareMs.set(rogue.id, Number.POSITIVE_INFINITY);
        }
      }
    }
  }

  *settled(world: World): Iterable<string> {
    const members = runningMembers(world);
    const [first] = members;
    if (first === undefined) return;
    yield* differences(world, first, members);
    for (const { machine, peer } of members) {
      const { documents, membership, trust } = peer.core;
      const roster = documents.mesh.collection(nodesCollection);
      for (const other of world.machines) {
        if (other.gone === undefined) continue;
        // Whom nobody has heard leave is a member that is away.
        const isUnheard = members.every((member) => member.peer.core.trust.view.members.has(other.id));
        if (isUnheard && other.gone === "left") continue;
        const problem = trust.view.members.has(other.id)
          ? "has it among the members"
          : membership.member(other.id)?.state === "alive"
            ? "believes it to be alive"
            : other.gone !== "orphaned" && roster.get(other.id) !== undefined
              ? "has it in its roster"
              : undefined;
        if (problem !== undefined) yield `${other.name} is ${other.gone}, and ${machine.name} ${problem}`;
      }
    }
  }
}

/** Where members do not hold the same. */
function* differences(
  world: World,
  first: RunningMember,
  members: readonly RunningMember[],
): Iterable<string> {
  const { trust } = first.peer.core;
  const isWhole = [...trust.view.members.keys()].every((id) => world.machine(id)?.isRunning === true);
  for (const { machine, peer } of members) {
    if (peer.core.trust.hash !== trust.hash) {
      const keys = [...trust.statements()]
        .filter(({ key, digest }) => peer.core.trust.statement(key)?.digest !== digest)
        .map(({ key }) => key);
      yield `${machine.name} and ${first.machine.name} differ in statements, as ${keys[0]} (${keys.length})`;
    }
    const { newest } = peer.secrets;
    const same = newest?.tag === first.peer.secrets.newest?.tag;
    if (!same) yield `${machine.name} has another mesh secret than ${first.machine.name}`;
    if (peer.secrets.contested) yield `${machine.name} knows of two secrets of one epoch`;
    const kept = peer.secrets.accepted().length;
    if (isWhole && kept !== 1) yield `${machine.name} keeps ${kept} mesh secrets`;
  }
}

function nameOf(world: World, id: NodeId): string {
  return world.machine(id)?.name ?? id;
}
