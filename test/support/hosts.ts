import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { becomesMember, createJoinToken, type MeshAccess } from "../../scripts/mesh-setup.ts";
import type { Host } from "./namespaces.ts";
import { allConnected, allSee, type Cleanup, PeerProcess } from "./peer-process.ts";

const ALIVE_WITHIN_MS = 30_000;
/** Whole meshes start at a time, on two cores perhaps. */
const START_WITHIN_MS = 90_000;
/** More at a time would wait for each other on a small machine. */
const STARTED_TOGETHER = 3;

export interface HostPeerOptions {
  readonly flags?: readonly string[];
  /** Text of a join token, which it finds as if the flasher had put it there. */
  readonly joinToken?: string;
  /** Of the mesh that it will belong to. */
  readonly access?: MeshAccess;
}

/** Starts a peer on a host with an empty data directory; all of that host's network reaches it. */
export async function startOn(
  cleanup: Cleanup,
  host: Host,
  name: string,
  { flags = [], joinToken, access }: HostPeerOptions = {},
): Promise<PeerProcess> {
  const directory = cleanup.temporaryDirectory();
  const tokenFile = join(directory, "join-token");
  if (joinToken !== undefined) writeFileSync(tokenFile, joinToken, { mode: 0o600 });
  const peer = await PeerProcess.start({
    name,
    dataDirectory: join(directory, "data"),
    flags: [
      ...["--listen", "0.0.0.0"],
      ...(joinToken === undefined ? [] : ["--join-token-file", tokenFile]),
      ...flags,
    ],
    wrapper: host.wrapper,
    startWithinMs: START_WITHIN_MS,
    fetchJson: host.fetchJson,
    ...(access === undefined ? {} : { access }),
  });
  return cleanup.peer(peer);
}

/** Waits until a peer that carries a join token has been admitted, with nobody doing anything. */
export async function joinsByItself(peer: PeerProcess): Promise<void> {
  await becomesMember((path, init) => peer.request(path, init));
}

/**
 * Starts a peer on each host: the first makes a mesh, the others carry a join token of it and are found by multicast.
 *
 * @returns the peers once each of them sees all alive
 */
export async function startMeshOn(
  cleanup: Cleanup,
  hosts: ReadonlyMap<string, Host>,
  options: { readonly meshName: string; readonly flags?: readonly string[] },
): Promise<PeerProcess[]> {
  const [firstEntry, ...others] = hosts;
  if (firstEntry === undefined) throw new Error("There is no host");
  const [firstName, firstHost] = firstEntry;
  const flags = options.flags ?? [];
  const first = await startOn(cleanup, firstHost, firstName, { flags });
  const access = await first.claim(options.meshName);
  const joinToken = await createJoinToken((path, init) => first.request(path, init), access);
  const join = async ([name, host]: readonly [string, Host]) => {
    const peer = await startOn(cleanup, host, name, { flags, joinToken, access });
    await joinsByItself(peer);
    return peer;
  };
  const peers = [first];
  for (let begin = 0; begin < others.length; begin += STARTED_TOGETHER) {
    peers.push(...(await Promise.all(others.slice(begin, begin + STARTED_TOGETHER).map(join))));
  }
  await allSee(peers, [...hosts.keys()], "alive", ALIVE_WITHIN_MS);
  await allConnected(peers);
  return peers;
}
