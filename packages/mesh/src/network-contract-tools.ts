import type { MeshError } from "@pi-controller/schema";
import type { AddressBook } from "./address-book.ts";
import type { Fence, Introduction, PeerGate } from "./gate/gate.ts";
import type { Gossip, Network } from "./network.ts";

export interface ContractPeer {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly addressBook: AddressBook;
}

/** Whom a peer lets in, and how. */
export interface ContractTrust {
  readonly gate?: PeerGate;
  readonly introduction?: Introduction;
  readonly fence?: Fence;
}

/** What the suite needs of an adapter. */
export interface ContractMesh {
  /** A peer that has not started. Without a gate it lets everybody in. */
  createPeer(trust?: ContractTrust): Promise<ContractPeer>;
  /** Lets a little time pass: really, or on a virtual clock. */
  passTime(durationMs: number): Promise<void>;
  /** An address where a machine answers that nobody listens. */
  refusingAddress(): Promise<string>;
  /** An address where connections are taken and nothing more is ever heard. */
  silentAddress(): Promise<string>;
  /** Releases what is left. */
  close(): Promise<void>;
}

export const TIMEOUT_MS = 5_000;
const STEP_MS = 5;
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const bytes = (content: string) => new TextEncoder().encode(content);
export const NOTHING = new Uint8Array();

export function dial(from: ContractPeer, to: ContractPeer) {
  return from.network.dial({ peer: to.network.self }, TIMEOUT_MS);
}

export function ask(
  from: ContractPeer,
  to: ContractPeer,
  method: string,
  payload = NOTHING,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  return from.network.request(to.network.self, method, payload, { timeoutMs: TIMEOUT_MS, ...options });
}

/** A handler that ends only when it is aborted; counts how often it began and was. */
export function handleForEver(peer: ContractPeer, method: string): { started: number; count: number } {
  const seen = { started: 0, count: 0 };
  peer.network.handle(method, ({ signal }) => {
    seen.started++;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        seen.count++;
        reject(signal.reason as Error);
      });
    });
  });
  return seen;
}

/** Publishes until what `from` says reaches all of `to`: an overlay takes a moment to form. */
export async function gossipReaches(
  mesh: ContractMesh,
  from: ContractPeer,
  to: ContractPeer[],
): Promise<void> {
  const reached = new Set<ContractPeer>();
  const subscriptions = to.map((peer) => peer.gossip.subscribe("test.warm-up", () => reached.add(peer)));
  for (let attempt = 0; reached.size < to.length; attempt++) {
    if (attempt > 200) throw new Error("gossip reaches nobody");
    await settle(mesh, from.gossip.publish("test.warm-up", bytes(String(attempt))));
    await mesh.passTime(50);
  }
  for (const unsubscribe of subscriptions) unsubscribe();
}

export async function settle<T>(mesh: ContractMesh, promise: Promise<T>): Promise<T> {
  const state = { settled: false };
  const watched = promise.finally(() => {
    state.settled = true;
  });
  // Whoever awaits what this returns sees the error; this only keeps it from counting as unhandled before.
  watched.catch(() => undefined);
  for (let step = 0; !state.settled && step < 20_000; step++) await mesh.passTime(STEP_MS);
  if (!state.settled) throw new Error("a promise did not settle");
  return watched;
}

export async function errorOf(mesh: ContractMesh, promise: Promise<unknown>): Promise<MeshError> {
  try {
    await settle(mesh, promise);
  } catch (error) {
    return error as MeshError;
  }
  throw new Error("expected an error");
}

export async function until(mesh: ContractMesh, condition: () => boolean): Promise<void> {
  for (let step = 0; !condition(); step++) {
    if (step > 2_000) throw new Error("what was waited for did not happen");
    await mesh.passTime(STEP_MS);
  }
}
