import { addressesOf, lookUpHost, parseJoinTarget } from "@pi-controller/mesh";

/**
 * Where a peer could be reached at an address that a person gave.
 *
 * @param address a multiaddr, host name or IP address, with or without port
 * @returns multiaddrs; none when the name is not known
 * @throws MeshError INVALID_ARGUMENT when it is no address
 */
export async function resolveAddress(address: string): Promise<readonly string[]> {
  const target = parseJoinTarget(address);
  if (target.kind === "address") return addressesOf(target, []);
  try {
    return addressesOf(target, await lookUpHost(target.host));
  } catch (error) {
    // A machine can be registered before its name is known.
    if (error instanceof Error && "code" in error && typeof error.code === "string") return [];
    throw error;
  }
}
