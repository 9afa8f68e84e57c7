import {
  type Random,
  randomInteger,
  repeat,
  seededRandom,
  silentLogger,
  VirtualClock,
} from "@pi-controller/runtime";
import type { MembershipState, NodeId } from "@pi-controller/schema";
import { AddressBook } from "../address-book.ts";
import { openGate, type PeerGate } from "../gate/gate.ts";
import type { Gossip, Network } from "../network.ts";
import { type LinkConditions, SimulatedNetwork } from "../simulated/index.ts";
import type { MembershipChange } from "./member-view.ts";
import { Membership } from "./membership.ts";
import { simulatedSigner } from "./simulated-signer.ts";

const REDIAL_INTERVAL_MS = 1_000;

export interface SimulatedMember {
  readonly id: NodeId;
  readonly membership: Membership;
  readonly network: Network;
  readonly gossip: Gossip;
  /** Every change that it told of, with the time at which it did. */
  readonly changes: (MembershipChange & { readonly atMs: number })[];
}

/** A mesh of members on a virtual clock, for tests: all connected, redialled as the real peer does. */
export class SimulatedMesh {
  readonly clock = new VirtualClock();
  readonly hub: SimulatedNetwork;
  readonly random: Random;
  readonly members = new Map<NodeId, SimulatedMember>();

  constructor(seed: number, conditions: Partial<LinkConditions> = {}) {
    this.random = seededRandom(seed);
    this.hub = new SimulatedNetwork({ clock: this.clock, random: this.random }, conditions);
  }

  /** Starts `count` members and waits until all believe all to be alive. */
  static async of(
    count: number,
    seed: number,
    conditions: Partial<LinkConditions> = {},
  ): Promise<SimulatedMesh> {
    const mesh = new SimulatedMesh(seed, { latencyMs: 2, latencySpreadMs: 1, ...conditions });
    for (let index = 0; index < count; index++) {
      await mesh.start(`member-${String(index).padStart(3, "0")}`);
    }
    await mesh.until(() => mesh.all.every((one) => mesh.all.every(({ id }) => stateOf(one, id) === "alive")));
    return mesh;
  }

  get all(): SimulatedMember[] {
    return [...this.members.values()];
  }

  get(index: number): SimulatedMember {
    return this.all[index] as SimulatedMember;
  }

  others(...ids: NodeId[]): SimulatedMember[] {
    return this.all.filter(({ id }) => !ids.includes(id));
  }

  async start(id: NodeId, bootEpoch = 1, gate: PeerGate = openGate): Promise<SimulatedMember> {
    const addressBook = new AddressBook();
    const { network, gossip, clock } = this.hub.createPeer(id, { addressBook, gate, logger: silentLogger });
    const random = seededRandom(randomInteger(this.random, 2 ** 31));
    const membership = new Membership(
      { network, gossip, gate, signer: simulatedSigner(id), clock, random, logger: silentLogger },
      { bootEpoch },
    );
    const changes: SimulatedMember["changes"] = [];
    membership.observe((change) => changes.push({ ...change, atMs: this.clock.monotonic() }));
    const member = { id, membership, network, gossip, changes };
    this.members.set(id, member);
    await network.start(new AbortController().signal);
    await membership.start();
    const redial = async () => {
      const connected = new Set(network.status().connections.map(({ peer }) => peer));
      for (const peer of this.members.keys()) {
        addressBook.add(peer, [this.hub.addressOf(peer)]);
        if (id < peer && !connected.has(peer)) void network.dial({ peer }, REDIAL_INTERVAL_MS);
      }
    };
    repeat(
      clock,
      () => REDIAL_INTERVAL_MS * random.next(),
      redial,
      () => {},
    );
    return member;
  }

  /** Lets time pass until something holds. @returns how long that took, in ms */
  async until(condition: () => boolean, limitMs = 60_000): Promise<number> {
    const startMs = this.clock.monotonic();
    while (!condition()) {
      if (this.clock.monotonic() - startMs > limitMs)
        throw new Error(`It did not come true in ${limitMs} ms`);
      await this.clock.advance(10);
    }
    return this.clock.monotonic() - startMs;
  }
}

export function stateOf(observer: SimulatedMember, id: NodeId): MembershipState | undefined {
  return observer.membership.member(id)?.state;
}
