import { MeshError } from "@pi-controller/schema";

/** Where the mesh port is when nobody says otherwise. */
export const DEFAULT_MESH_PORT = 4101;

export type JoinTarget =
  /** A multiaddr that can be dialled as it is. */
  | { readonly kind: "address"; readonly address: string }
  /** A host name to look up; `rest` follows the address, as `/tcp/4101`. */
  | { readonly kind: "host"; readonly host: string; readonly rest: string };

const HOST = "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?";
const PORT_SUFFIX = "(?::(?<port>\\d{1,5}))?";
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const BARE_IPV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/;
const BRACKETED_IPV6 = new RegExp(`^\\[(?<host>[0-9a-fA-F:.]+)\\]${PORT_SUFFIX}$`);
const HOST_AND_PORT = new RegExp(`^(?<host>${HOST})${PORT_SUFFIX}$`);
const DNS_MULTIADDR = new RegExp(`^/dns[46]?/(?<host>${HOST})(?<rest>/.+)$`);

/**
 * Reads what an operator gives to `--join`: a multiaddr, or a host name or IP address with or without port.
 *
 * @throws MeshError INVALID_ARGUMENT for anything else
 */
export function parseJoinTarget(text: string): JoinTarget {
  const dns = DNS_MULTIADDR.exec(text)?.groups;
  if (dns !== undefined) return { kind: "host", host: dns.host as string, rest: dns.rest as string };
  if (/^\/ip[46]\/[^/]+\/tcp\/\d+/.test(text)) return { kind: "address", address: text };
  if (BARE_IPV6.test(text)) return at("ip6", text, undefined);
  const ipv6 = BRACKETED_IPV6.exec(text)?.groups;
  if (ipv6 !== undefined) return at("ip6", ipv6.host as string, portOf(text, ipv6.port));
  const named = HOST_AND_PORT.exec(text)?.groups;
  if (named === undefined) throw invalid(text);
  const host = named.host as string;
  const port = portOf(text, named.port);
  return IPV4.test(host)
    ? at("ip4", host, port)
    : { kind: "host", host, rest: `/tcp/${port ?? DEFAULT_MESH_PORT}` };
}

/** @param addresses what the name stands for, as IP addresses */
export function addressesOf(target: JoinTarget, addresses: readonly string[]): string[] {
  if (target.kind === "address") return [target.address];
  return addresses.map((address) => `/${address.includes(":") ? "ip6" : "ip4"}/${address}${target.rest}`);
}

function at(family: "ip4" | "ip6", host: string, port: number | undefined): JoinTarget {
  return { kind: "address", address: `/${family}/${host}/tcp/${port ?? DEFAULT_MESH_PORT}` };
}

function portOf(text: string, digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined;
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(text);
  return port;
}

function invalid(text: string): MeshError {
  const expected = "expected a host name or IP address, with or without :port, or a multiaddr";
  return new MeshError("INVALID_ARGUMENT", `Cannot join through "${text}": ${expected}`, {
    fields: [{ field: "join", message: expected }],
  });
}
