import { isIPv6 } from "node:net";
import { parseJoinTarget } from "@pi-controller/mesh";

/**
 * Pure: where a node that carries a join token knocks: at the APIs of the peers that it was told to connect to. They
 * listen for peers where it was told, and for people at the port that this peer is given as well, as on every Pi
 * that is set up alike.
 *
 * @param join as the option: multiaddrs, hosts, or hosts with the mesh port
 * @param port of this peer's own API; 0, which takes any, says nothing of others'
 * @returns origins, as `https://192.168.1.20:8080`
 * @throws MeshError INVALID_ARGUMENT when one of `join` is no address
 */
export function knockOriginsOf(join: readonly string[], port: number): readonly string[] {
  if (port === 0) return [];
  return [...new Set(join.map((text) => `https://${hostOf(text)}:${port}`))];
}

function hostOf(text: string): string {
  const target = parseJoinTarget(text);
  const host = target.kind === "host" ? target.host : (target.address.split("/")[2] ?? "");
  return isIPv6(host) ? `[${host}]` : host;
}
