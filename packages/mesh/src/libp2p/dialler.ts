import { multiaddr } from "@multiformats/multiaddr";
import { type Clock, sleep } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { abortable } from "../abortable.ts";
import type { AddressBook } from "../address-book.ts";
import { notAllowed } from "../gate/doorway.ts";
import type { PeerGate } from "../gate/gate.ts";
import type { DialResult, DialTarget } from "../network.ts";
import type { Node } from "./create-node.ts";
import { explainDialError } from "./dial-error.ts";
import { type DialCandidate, failedDial, planDial, withoutPeerId } from "./dial-plan.ts";
import type { PeerLinks } from "./peer-links.ts";

/** Each address gets its share of the time that is left, but no less than this. */
const MIN_ADDRESS_TIMEOUT_MS = 250;

interface Components {
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  readonly gate: PeerGate;
  readonly links: PeerLinks;
  readonly node: Node;
}

/** Connects to peers, address by address, and says what came of it. */
export class Dialler {
  readonly #components: Components;
  readonly #underWay = new Map<string, Promise<DialResult>>();

  constructor(components: Components) {
    this.#components = components;
  }

  /** Never throws for what the network does. A dial that is under way already is joined. */
  dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    const connected = "peer" in target ? this.#connectedTo(target.peer) : undefined;
    if (connected !== undefined) return Promise.resolve(connected);
    if ("peer" in target && !this.#components.gate.allows(target.peer)) {
      return Promise.resolve({ outcome: "unreachable", reason: notAllowed(target.peer).message });
    }
    const key = "peer" in target ? target.peer : target.addresses.join();
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return this.#within(underWay, timeoutMs);
    const dialling = this.#dial(target, timeoutMs).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, dialling);
    return dialling;
  }

  async #dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    const { clock } = this.#components;
    const endMs = clock.monotonic() + timeoutMs;
    const candidates = this.#plan(target);
    const failures: Parameters<typeof failedDial>[0][number][] = [];
    for (const [index, candidate] of candidates.entries()) {
      const shareMs = (endMs - clock.monotonic()) / (candidates.length - index);
      let hopeless = false;
      try {
        const peer = await this.#dialOne(target, candidate, Math.max(shareMs, MIN_ADDRESS_TIMEOUT_MS));
        return { outcome: "connected", peer };
      } catch (error) {
        failures.push({ candidate, ...explainDialError(error) });
        // Not libp2p's: the peer was reached, and what came of it is the same at each of his addresses.
        hopeless = error instanceof MeshError;
      }
      // The peer may have dialled us meanwhile: then libp2p ends the second connection.
      const connected = "peer" in target ? this.#connectedTo(target.peer) : undefined;
      if (connected !== undefined) return connected;
      if (hopeless) break;
      if (clock.monotonic() >= endMs) break;
    }
    return failedDial(failures);
  }

  #plan(target: DialTarget): DialCandidate[] {
    const { addressBook, node } = this.#components;
    const own = node.getMultiaddrs().map((address) => withoutPeerId(address.toString()));
    if ("addresses" in target) {
      return target.addresses.map((address) => ({ address, decisive: true }));
    }
    return planDial({
      addresses: addressBook.addressesOf(target.peer).map(withoutPeerId),
      lastReached: addressBook.lastReachedOf(target.peer),
      seenHosts: addressBook.seenHostsOf(target.peer),
      own,
    });
  }

  async #dialOne(target: DialTarget, { address }: DialCandidate, timeoutMs: number): Promise<NodeId> {
    const { addressBook, clock, links, node } = this.#components;
    const deadline = new AbortController();
    const timer = clock.setTimer(
      () => deadline.abort(new DOMException("no answer in time", "TimeoutError")),
      timeoutMs,
    );
    try {
      const where = "peer" in target ? `${withoutPeerId(address)}/p2p/${target.peer}` : address;
      const connection = await node.dial(multiaddr(where), { signal: deadline.signal });
      const link = await abortable(links.open(connection), deadline.signal);
      // A dial that ends with a connection that the peer opened has not reached it there.
      if (connection.direction === "outbound") addressBook.reached(link.peer, link.address);
      return link.peer;
    } finally {
      timer.cancel();
    }
  }

  #connectedTo(peer: NodeId): DialResult | undefined {
    return this.#components.links.of(peer) === undefined ? undefined : { outcome: "connected", peer };
  }

  async #within(dialling: Promise<DialResult>, timeoutMs: number): Promise<DialResult> {
    const waited = new AbortController();
    const late = sleep(this.#components.clock, timeoutMs, waited.signal).then(
      (): DialResult => ({ outcome: "unreachable", reason: "no answer in time" }),
      (): Promise<DialResult> => dialling,
    );
    try {
      return await Promise.race([dialling, late]);
    } finally {
      waited.abort();
    }
  }
}
