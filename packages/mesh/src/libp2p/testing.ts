import { generateKeyPair } from "@libp2p/crypto/keys";
import { type Logger, silentLogger, systemClock } from "@pi-controller/runtime";
import { AddressBook } from "../address-book.ts";
import { type Fence, type Introduction, openGate, type PeerGate } from "../gate/gate.ts";
import type { Gossip, Network, NetworkInventory } from "../network.ts";
import { libp2pNetwork, libp2pRequests } from "./libp2p-network.ts";

export interface TestPeer {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly addressBook: AddressBook;
  inventory(): NetworkInventory;
}

/** A peer on loopback, for tests; not started. */
export async function createTestPeer(
  options: {
    meshName?: string;
    listen?: readonly string[];
    logger?: Logger;
    gate?: PeerGate;
    introduction?: Introduction | undefined;
    fence?: Fence;
  } = {},
): Promise<TestPeer> {
  const addressBook = new AddressBook();
  const ports = libp2pNetwork(
    {
      privateKey: await generateKeyPair("Ed25519"),
      addressBook,
      clock: systemClock(),
      gate: options.gate ?? openGate,
      introduction: options.introduction,
      fence: options.fence,
      logger: options.logger ?? silentLogger,
    },
    {
      listen: options.listen ?? ["/ip4/127.0.0.1/tcp/0"],
      meshName: options.meshName ?? "test",
      maxConnections: 50,
    },
  );
  return { ...ports, addressBook };
}

/** A peer on loopback that speaks requests only, for tests; not started. */
export async function createTestRequests(
  meshName: string,
  listen: readonly string[] = ["/ip4/127.0.0.1/tcp/0"],
  limits: { readonly maxConnectionsOfHost?: number } = {},
): Promise<Omit<TestPeer, "gossip">> {
  const addressBook = new AddressBook();
  const ports = libp2pRequests(
    {
      privateKey: await generateKeyPair("Ed25519"),
      addressBook,
      clock: systemClock(),
      gate: openGate,
      logger: silentLogger,
    },
    { listen, meshName, maxConnections: 50, ...limits },
  );
  return { ...ports, addressBook };
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
