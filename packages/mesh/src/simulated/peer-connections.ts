import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import { Doorway } from "../gate/doorway.ts";
import type { ConnectionStatus } from "../network.ts";
import { SimulatedConnection } from "./simulated-connection.ts";
import type { SimulatedLinks } from "./simulated-links.ts";
import type { SimulatedPeer, Trust } from "./simulated-peer.ts";

interface Components extends Trust {
  readonly links: SimulatedLinks;
  readonly addressBook: AddressBook;
  readonly clock: Clock;
}

/** The ends that one process has of its connections, one for each other peer. */
export class PeerConnections {
  readonly #components: Components;
  readonly #local: SimulatedPeer;
  readonly #byPeer = new Map<NodeId, SimulatedConnection>();
  /** Of the dials that it is making, and of those that made the connections it has. */
  readonly #serials = new Set<number>();
  #ready: readonly SimulatedConnection[] | undefined;
  #status: readonly ConnectionStatus[] | undefined;

  constructor(components: Components, local: SimulatedPeer) {
    this.#components = components;
    this.#local = local;
  }

  get size(): number {
    return this.#byPeer.size;
  }

  of(peer: NodeId): SimulatedConnection | undefined {
    return this.#byPeer.get(peer);
  }

  /** All of them, also those that have not been introduced. */
  all(): readonly SimulatedConnection[] {
    return [...this.#byPeer.values()];
  }

  /** Those that have been introduced, oldest first. */
  ready(): readonly SimulatedConnection[] {
    this.#ready ??= this.all().filter(({ ready }) => ready);
    return this.#ready;
  }

  status(): readonly ConnectionStatus[] {
    this.#status ??= this.ready().map(({ remote, dialler, openedAtMs }) => ({
      peer: remote.self,
      address: remote.address,
      direction: dialler === this.#local.self ? "outbound" : "inbound",
      roundTripMs: null,
      openedAtMs,
    }));
    return this.#status;
  }

  /** To be called when a connection has become ready. */
  changed(): void {
    this.#ready = undefined;
    this.#status = undefined;
  }

  /** Counts a dial as this process's own until it fails. */
  dialling(serial: number): void {
    this.#serials.add(serial);
  }

  dialFailed(serial: number): void {
    this.#serials.delete(serial);
  }

  /** Whether this process has, or is about to have, what one of these dials made. */
  counts(serials: readonly number[]): boolean {
    return serials.some((serial) => this.#serials.has(serial));
  }

  /**
   * Takes a connection that a dial made.
   *
   * @returns the end of it, which is a known one when both dialled at once, and the one that it replaces, if any:
   *   that led to a process that is gone, or that has lost it
   */
  open(
    remote: SimulatedPeer,
    dialler: NodeId,
    serial: number,
  ): { connection: SimulatedConnection; isNew: boolean; replaced: SimulatedConnection | undefined } {
    const { clock, links } = this.#components;
    const previous = this.#byPeer.get(remote.self);
    this.#serials.add(serial);
    this.changed();
    if (previous?.remote === remote && remote.connections.counts(previous.serials)) {
      previous.serials.push(serial);
      // Both ends keep the connection that the lower id dialled, of those the newest.
      if (previous.dialler >= dialler) {
        previous.dialler = dialler;
        previous.openedAtMs = clock.now();
      }
      return { connection: previous, isNew: false, replaced: undefined };
    }
    if (previous !== undefined) this.#forget(previous);
    const connection = new SimulatedConnection(this.#components, {
      local: this.#local,
      remote,
      dialler,
      serial,
      doorway: new Doorway(this.#components, remote.self),
      outgoing: links.direction(this.#local.self, remote.self),
      announced: previous?.announced === true,
    });
    this.#byPeer.set(remote.self, connection);
    this.#components.addressBook.add(remote.self, [remote.address]);
    return { connection, isNew: true, replaced: previous };
  }

  /** Forgets an end of a connection, which the caller closes. @returns false when it is not there any more */
  remove(connection: SimulatedConnection): boolean {
    const { self: peer } = connection.remote;
    if (this.#byPeer.get(peer) !== connection) return false;
    this.#byPeer.delete(peer);
    this.#forget(connection);
    this.changed();
    return true;
  }

  clear(): void {
    this.#byPeer.clear();
    this.#serials.clear();
    this.changed();
  }

  #forget({ serials }: SimulatedConnection): void {
    for (const serial of serials) this.#serials.delete(serial);
  }
}
