import type { PendingDiscovery } from "@pi-controller/mesh";
import type { Clock, Unsubscribe } from "@pi-controller/runtime";
import type { NodeId, PendingNode } from "@pi-controller/schema";
import { fingerprintOf } from "../../crypto/index.ts";

/** Nodes that were looked up by address; the one looked up longest ago goes when there are more. */
const MAX_LOOKED_UP = 64;
const LOOKED_UP_FOR_MS = 10 * 60_000;

/** What a pending node says of itself, and where it can be dialled. */
export type PendingNodeClaim = Pick<PendingNode, "id" | "name" | "addresses" | "joinToken">;

interface Components {
  /** Undefined where there is no multicast: nodes are looked up by address then. */
  readonly discovery: PendingDiscovery | undefined;
  readonly clock: Pick<Clock, "now" | "monotonic">;
}

interface Note {
  readonly foundAt: string;
  problem: string | null;
}

/** The nodes that wait to be admitted, found or looked up, with what came of attempts to do so; bounded. */
export class PendingList {
  readonly #components: Components;
  readonly #lookedUp = new Map<NodeId, { readonly claim: PendingNodeClaim; readonly expiresMs: number }>();
  readonly #notes = new Map<NodeId, Note>();

  constructor(components: Components) {
    this.#components = components;
  }

  /** Takes note of who comes and goes, until the result is called. */
  follow(): Unsubscribe {
    const stop = this.#components.discovery?.observe(({ kind, peer }) => {
      if (kind === "found") this.#noteOf(peer.peer);
      else if (!this.#lookedUp.has(peer.peer)) this.#notes.delete(peer.peer);
    });
    return () => stop?.();
  }

  all(): PendingNode[] {
    this.#dropExpired();
    const claims = new Map<NodeId, PendingNodeClaim>();
    for (const { claim } of this.#lookedUp.values()) claims.set(claim.id, claim);
    for (const { peer, name, addresses, joinToken } of this.#components.discovery?.pending() ?? []) {
      const known = claims.get(peer)?.addresses ?? [];
      const merged = [...new Set([...addresses, ...known])];
      claims.set(peer, { id: peer, name, addresses: merged, joinToken: joinToken ?? null });
    }
    return [...claims.values()].map((claim) => this.#shown(claim));
  }

  get(id: NodeId): PendingNode | undefined {
    return this.all().find((node) => node.id === id);
  }

  /** Takes in a node that answered where somebody said that it would. */
  add(claim: PendingNodeClaim): PendingNode {
    this.#dropExpired();
    this.#lookedUp.delete(claim.id);
    const expiresMs = this.#components.clock.monotonic() + LOOKED_UP_FOR_MS;
    this.#lookedUp.set(claim.id, { claim, expiresMs });
    if (this.#lookedUp.size > MAX_LOOKED_UP) {
      for (const oldest of this.#lookedUp.keys()) {
        this.#forget(oldest);
        break;
      }
    }
    return this.get(claim.id) ?? this.#shown(claim);
  }

  /** @param problem why it was not admitted, for people; null for nothing */
  note(id: NodeId, problem: string | null): void {
    const note = this.#notes.get(id);
    if (note !== undefined) note.problem = problem;
  }

  /** It waits no longer. One that still announces itself is shown again. */
  admitted(id: NodeId): void {
    this.#forget(id);
  }

  #shown(claim: PendingNodeClaim): PendingNode {
    const { foundAt, problem } = this.#noteOf(claim.id);
    return { ...claim, fingerprint: fingerprintOf(claim.id), foundAt, problem };
  }

  #noteOf(id: NodeId): Note {
    const foundAt = new Date(this.#components.clock.now()).toISOString();
    const note = this.#notes.get(id) ?? { foundAt, problem: null };
    this.#notes.set(id, note);
    return note;
  }

  #dropExpired(): void {
    const nowMs = this.#components.clock.monotonic();
    for (const [id, { expiresMs }] of this.#lookedUp) {
      if (nowMs >= expiresMs) this.#forget(id);
    }
  }

  #forget(id: NodeId): void {
    this.#lookedUp.delete(id);
    this.#notes.delete(id);
  }
}
