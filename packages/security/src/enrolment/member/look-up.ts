import { addressesOf, type JoinTarget, type LookUpHost, parseJoinTarget } from "@pi-controller/mesh";
import type { Clock } from "@pi-controller/runtime";
import { MeshError, type PendingNode } from "@pi-controller/schema";
import type { TrustPort } from "../../trust/trust-port.ts";
import type { Contacts } from "./contacts.ts";
import { greet } from "./exchange.ts";
import type { PendingList } from "./pending-list.ts";

interface Components {
  readonly contacts: Contacts;
  readonly pending: PendingList;
  readonly trust: Pick<TrustPort, "view">;
  readonly clock: Clock;
  /** Asks DNS, mDNS included where the system does. */
  readonly lookUpHost: LookUpHost;
}

/**
 * Looks for a pending node where somebody says that it is.
 *
 * @param address multiaddr, host or host:port of its mesh port
 * @throws MeshError INVALID_ARGUMENT naming `address`, NOT_FOUND when no pending node answers there
 */
export async function lookUpPending(components: Components, address: string): Promise<PendingNode> {
  const { clock, contacts, pending, trust } = components;
  const addresses = await resolve(components, address);
  try {
    return await contacts.reach({ addresses }, async (contact) => {
      const { answer } = await greet(clock, contact, trust.view.meshId);
      const { joinToken, name } = answer;
      return pending.add({ id: contact.pending, name, joinToken, addresses: addresses.map(withoutPeerId) });
    });
  } catch (error) {
    if (!(error instanceof MeshError) || error.code === "RESOURCE_EXHAUSTED") throw error;
    const message = `No pending node answers at ${address}: ${error.message}`;
    throw new MeshError("NOT_FOUND", message, {}, { cause: error });
  }
}

async function resolve({ lookUpHost }: Components, address: string): Promise<readonly string[]> {
  const target = parse(address.trim());
  try {
    const addresses = addressesOf(target, target.kind === "host" ? await lookUpHost(target.host) : []);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MeshError(
      "NOT_FOUND",
      `The name in ${address} cannot be looked up: ${why}`,
      {},
      { cause: error },
    );
  }
  throw new MeshError("NOT_FOUND", `The name in ${address} stands for no address`);
}

function parse(address: string): JoinTarget {
  try {
    return parseJoinTarget(address);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const message = "expected a host or IP address, with or without :port, or a multiaddr";
    const fields = [{ field: "address", message }];
    throw new MeshError("INVALID_ARGUMENT", `Invalid address: ${message}`, { fields }, { cause: error });
  }
}

function withoutPeerId(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, "");
}
