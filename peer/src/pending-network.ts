import { AddressBook, type Network, openGate } from "@pi-controller/mesh";
import { libp2pRequests, temporaryKey } from "@pi-controller/mesh/libp2p";
import type { Clock, Logger } from "@pi-controller/runtime";
import { resolveAddress } from "./resolve-address.ts";

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_CONNECTIONS = 2;
const LOOK_TIMEOUT_MS = 3_000;

/** A network that listens nowhere and speaks to peers that belong to no mesh, under an identity of its own. */
export async function openPendingNetwork(components: Components): Promise<Network> {
  const { network } = libp2pRequests(
    {
      ...components,
      privateKey: await temporaryKey(),
      addressBook: new AddressBook(),
      gate: openGate,
    },
    { listen: [], meshName: "pending", maxConnections: MAX_CONNECTIONS },
  );
  await network.start(new AbortController().signal);
  return network;
}

/** Whether a peer answers at an address that belongs to no mesh. */
export async function isPendingAt(address: string, components: Components): Promise<boolean> {
  const addresses = await resolveAddress(address);
  if (addresses.length === 0) return false;
  const network = await openPendingNetwork(components);
  try {
    return (await network.dial({ addresses }, LOOK_TIMEOUT_MS)).outcome === "connected";
  } finally {
    await network.stop();
  }
}
