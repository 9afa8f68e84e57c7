import { AddressBook, type Network } from "@pi-controller/mesh";
import { type Clock, silentLogger } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { testNode } from "@pi-controller/security/testing";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { World } from "./world.ts";

/**
 * Networks of their own with which members speak to peers that are no members. Each has an id of its own; what cuts its
 * machine off cuts it off, too, as of when it was opened, and it ends with the process that opened it.
 */
export class PendingContacts {
  readonly #world: World;
  readonly #open = new Map<SimulatedMachine, Set<NodeId>>();
  readonly #idle: NodeId[] = [];
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async open(machine: SimulatedMachine, clock: Clock): Promise<Network> {
    const { hub, machines } = this.#world;
    const id = this.#idle.shift() ?? testNode(`contact ${this.#made++}`).node;
    const { network } = hub.createPeer(id, { addressBook: new AddressBook(), logger: silentLogger, clock });
    const cuts = machines.flatMap((other) => [
      ...(hub.links.open(machine.id, other.id) ? [] : [hub.links.cutOneWay(id, other.id)]),
      ...(hub.links.open(other.id, machine.id) ? [] : [hub.links.cutOneWay(other.id, id)]),
    ]);
    const mine = this.#open.get(machine) ?? new Set<NodeId>();
    this.#open.set(machine, mine.add(id));
    await network.start(new AbortController().signal);
    return {
      name: network.name,
      self: network.self,
      start: async () => undefined,
      stop: async () => {
        if (!mine.delete(id)) return;
        await network.stop();
        for (const heal of cuts) heal();
        this.#idle.push(id);
      },
      dial: (...args) => network.dial(...args),
      disconnect: (peer) => network.disconnect(peer),
      request: (...args) => network.request(...args),
      handle: (...args) => network.handle(...args),
      observe: (listener) => network.observe(listener),
      status: () => network.status(),
    };
  }

  /** The process is gone, and all that it had open. */
  close(machine: SimulatedMachine): void {
    for (const id of this.#open.get(machine) ?? []) this.#world.hub.kill(id);
    this.#open.delete(machine);
  }
}
