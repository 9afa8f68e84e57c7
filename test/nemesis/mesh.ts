import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createJoinToken } from "../../scripts/mesh-setup.ts";
import { nodeOf } from "../support/acts.ts";
import { SettableClock } from "../support/fake-time.ts";
import { joinsByItself } from "../support/hosts.ts";
import { Ethernet } from "../support/namespaces.ts";
import { allConnected, allSee, type Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { LoopDisk } from "./loop-disk.ts";
import { Machine, type MachineParts } from "./machine.ts";

const DISK_MEGABYTES = 64;
const ALIVE_WITHIN_MS = 30_000;

/** Machines that are one mesh, found by multicast, each with a network, a disk and a clock of its own. */
export async function startMachines(
  cleanup: Cleanup,
  names: readonly string[],
  onCall: MachineParts["onCall"],
): Promise<Machine[]> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-nemesis-"));
  cleanup.add(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  const ethernet = new Ethernet();
  cleanup.add(() => ethernet.remove());
  const machines: Machine[] = [];
  for (const name of names) {
    const disk = await LoopDisk.mount(directory, name, DISK_MEGABYTES);
    cleanup.add(() => disk.remove());
    const clock = new SettableClock(join(directory, `${name}.clock`));
    const machine = new Machine({ name, host: ethernet.addHost(name), disk, clock, onCall });
    cleanup.add(() => machine.end());
    machines.push(machine);
  }
  const [first, ...others] = machines;
  if (first === undefined) throw new Error("There is no machine");
  await first.start();
  const access = await first.peer.claim("nemesis");
  first.useMesh(access);
  const joinToken = await createJoinToken((path, init) => first.peer.request(path, init), access);
  const joining = others.map(async (machine) => {
    const tokenFile = join(directory, `${machine.name}.join-token`);
    writeFileSync(tokenFile, joinToken, { mode: 0o600 });
    await machine.start({ access, flags: ["--join-token-file", tokenFile] });
    await joinsByItself(machine.peer);
    machine.useMesh(access);
  });
  await Promise.all(joining);
  const peers = peersOf(machines);
  await allSee(peers, names, "alive", ALIVE_WITHIN_MS);
  await allConnected(peers);
  for (const machine of machines) machine.id = await nodeOf(machine.peer);
  return machines;
}

export function peersOf(machines: readonly Machine[]): PeerProcess[] {
  return machines.map(({ peer }) => peer);
}
