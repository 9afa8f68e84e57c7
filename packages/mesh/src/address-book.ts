import type { NodeId } from "@pi-controller/schema";

const MAX_ADDRESSES_PER_PEER = 32;
const MAX_HOSTS_PER_PEER = 4;
const MAX_PEERS = 5_000;

interface Entry {
  /** Most recently learnt first. */
  addresses: readonly string[];
  lastReached: string | undefined;
  /** Most recently seen first. */
  seenHosts: readonly string[];
}

/** Where peers are, as far as is known. Bounded: the peer heard of longest ago goes first. */
export class AddressBook {
  readonly #entries = new Map<NodeId, Entry>();

  /** @returns multiaddrs, the most recently learnt first; empty for a peer never heard of */
  addressesOf(peer: NodeId): readonly string[] {
    return this.#entries.get(peer)?.addresses ?? [];
  }

  add(peer: NodeId, addresses: readonly string[]): void {
    const entry = this.#touch(peer);
    entry.addresses = unique([...addresses, ...entry.addresses], MAX_ADDRESSES_PER_PEER);
  }

  /** What the peer says of itself replaces what was heard before. */
  replace(peer: NodeId, addresses: readonly string[]): void {
    this.#touch(peer).addresses = unique(addresses, MAX_ADDRESSES_PER_PEER);
  }

  /** A dial of this address, without the peer's id, has connected to the peer. */
  reached(peer: NodeId, address: string): void {
    this.#touch(peer).lastReached = address;
  }

  lastReachedOf(peer: NodeId): string | undefined {
    return this.#entries.get(peer)?.lastReached;
  }

  /** The peer has connected to us from this machine, as `ip4/192.168.1.7`. */
  seenAt(peer: NodeId, host: string): void {
    const entry = this.#touch(peer);
    entry.seenHosts = unique([host, ...entry.seenHosts], MAX_HOSTS_PER_PEER);
  }

  seenHostsOf(peer: NodeId): readonly string[] {
    return this.#entries.get(peer)?.seenHosts ?? [];
  }

  remove(peer: NodeId): void {
    this.#entries.delete(peer);
  }

  /** The peer's entry, moved to the end of the line. */
  #touch(peer: NodeId): Entry {
    const entry = this.#entries.get(peer) ?? { addresses: [], lastReached: undefined, seenHosts: [] };
    this.#entries.delete(peer);
    this.#entries.set(peer, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_PEERS && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

function unique(items: readonly string[], limit: number): readonly string[] {
  return [...new Set(items)].slice(0, limit);
}
