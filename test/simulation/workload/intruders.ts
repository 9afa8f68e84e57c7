import { AddressBook, type Network } from "@pi-controller/mesh";
import { pick, type Random, randomInteger, silentLogger, type Timer } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { testNode } from "@pi-controller/security/testing";
import type { World } from "../world/world.ts";
import { type RunningMember, runningMembers } from "./people.ts";
import type { Workload } from "./workload.ts";

export interface IntrudersOptions {
  /** Between two attempts. */
  readonly intervalMs: number;
}

const DIAL_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 2_000;
const MAX_BYTES = 200;

interface Intruder {
  readonly id: NodeId;
  readonly network: Network;
  publish(topic: string, payload: Uint8Array): Promise<void>;
}

/**
 * Somebody on the local network who is no member dials members, asks them for everything and tells them things: one who
 * knows nothing, and one who has learned the secret of the mesh. None of it may come to anything.
 */
export class Intruders implements Workload {
  readonly name = "intruders";
  readonly #options: IntrudersOptions;
  #random: Random | undefined;
  #timer: Timer | undefined;

  constructor(options: IntrudersOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    const random = world.random("intruders");
    this.#random = random;
    const intruders = [
      intrude(world, "intruder", []),
      intrude(world, "thief", [world.founding.meshSecret.secret]),
    ];
    const step = () => {
      this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
      const intruder = pick(random, intruders) as Intruder;
      const member = pick(random, runningMembers(world));
      if (member !== undefined) void this.#attack(world, intruder, member);
    };
    step();
  }

  end(): void {
    this.#timer?.cancel();
  }

  /** Never rejects. */
  async #attack(world: World, intruder: Intruder, { machine, peer }: RunningMember): Promise<void> {
    const addresses = [world.hub.addressOf(machine.id)];
    const { outcome } = await intruder.network.dial({ addresses }, DIAL_TIMEOUT_MS);
    if (outcome === "connected") {
      world.violation("unenrolled", `${machine.name} let somebody in who is no member`);
    }
    const { methods, topics } = peer.inventory();
    const asked = methods.map(async (method) => {
      const options = { timeoutMs: REQUEST_TIMEOUT_MS };
      await intruder.network.request(machine.id, method, this.#bytes(), options);
      world.violation("unenrolled", `${machine.name} answered ${method} to somebody who is no member`);
    });
    const told = topics.map((topic) => intruder.publish(topic, this.#bytes()));
    await Promise.allSettled([...asked, ...told]);
    await intruder.network.disconnect(machine.id);
  }

  #bytes(): Uint8Array {
    const random = this.#random as Random;
    return Uint8Array.from({ length: randomInteger(random, MAX_BYTES) }, () => randomInteger(random, 256));
  }
}

/** @param keys of the fence that he knows */
function intrude(world: World, name: string, keys: readonly Uint8Array[]): Intruder {
  const { node: id } = testNode(name);
  const addressBook = new AddressBook();
  for (const { id: member } of world.machines) addressBook.add(member, [world.hub.addressOf(member)]);
  const { gossip, network } = world.hub.createPeer(id, {
    addressBook,
    logger: silentLogger,
    fence: { accepted: () => keys, dialling: () => keys[0] },
  });
  void network.start(new AbortController().signal);
  return { id, network, publish: (topic, payload) => gossip.publish(topic, payload) };
}
