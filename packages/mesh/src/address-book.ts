import type { NodeId } from "@pi-controller/schema";

const MAX_ADDRESSES_PER_PEER = 32;
const MAX_PEERS = 5_000;

/** Where peers were last said to be, most recent first. Bounded: the peer heard of longest ago goes first. */
export class AddressBook {
  readonly #addresses = new Map<NodeId, readonly string[]>();

  /** @returns multiaddrs, the most recently learnt first; empty for a peer never heard of */
  addressesOf(peer: NodeId): readonly string[] {
    return this.#addresses.get(peer) ?? [];
  }

  add(peer: NodeId, addresses: readonly string[]): void {
    const merged = [...new Set([...addresses, ...this.addressesOf(peer)])].slice(0, MAX_ADDRESSES_PER_PEER);
    this.#addresses.delete(peer);
    this.#addresses.set(peer, merged);
    if (this.#addresses.size > MAX_PEERS) {
      const [oldest] = this.#addresses.keys();
      if (oldest !== undefined) this.#addresses.delete(oldest);
    }
  }

  /** What the peer says of itself replaces what was heard before. */
  replace(peer: NodeId, addresses: readonly string[]): void {
    this.#addresses.delete(peer);
    this.add(peer, addresses);
  }

  remove(peer: NodeId): void {
    this.#addresses.delete(peer);
  }
}
