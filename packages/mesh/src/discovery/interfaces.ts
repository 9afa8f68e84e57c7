import { BlockList } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** One IPv4 address of this machine, on which multicast can be spoken. */
export interface LocalInterface {
  /** As `eth0`. */
  readonly name: string;
  readonly address: string;
  /** All addresses of that interface, IPv6 included. */
  readonly addresses: readonly string[];
  readonly loopback: boolean;
  /** As `192.168.1.7/24`. */
  readonly network: string;
}

export type ReadInterfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

/** Most interfaces that are used: machines with containers have hundreds that lead nowhere. */
const MAX_INTERFACES = 32;

/** Every IPv4 address of an interface that is up, loopback included: peers on one machine find each other there. */
export function usableInterfaces(interfaces: ReturnType<ReadInterfaces>): LocalInterface[] {
  const usable: LocalInterface[] = [];
  for (const [name, infos] of Object.entries(interfaces)) {
    const addresses = (infos ?? []).map(({ address }) => address);
    for (const info of infos ?? []) {
      if (info.family !== "IPv4" || info.cidr === null) continue;
      const { address, internal, cidr } = info;
      usable.push({ name, address, addresses, loopback: internal, network: cidr });
    }
  }
  return usable.slice(0, MAX_INTERFACES);
}

/**
 * Whether a packet from this address came over this interface. A socket hears the packets of all interfaces
 * (IP_MULTICAST_ALL of ip(7)), so that without this each would be answered on each of them.
 */
export function isFrom(local: LocalInterface, source: string): boolean {
  const [network, prefixBits] = local.network.split("/");
  const subnet = new BlockList();
  subnet.addSubnet(network as string, Number(prefixBits), "ipv4");
  return subnet.check(source, "ipv4");
}

/**
 * Those of this peer's addresses that a machine on the other side of the interface can dial. Behind loopback
 * is this machine, which can dial all.
 */
export function dialableOn(local: LocalInterface, addresses: readonly string[]): readonly string[] {
  if (local.loopback) return addresses;
  return addresses.filter((address) => local.addresses.includes(address.split("/")[2] ?? ""));
}
