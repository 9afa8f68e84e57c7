// Memory and start-up of the bundled peer, beside Node-RED: `npm run bench -- footprint`.
//
// Each measured program runs from a copy of Node of its own: processes that share one binary on one machine
// would share its pages too, and a Pi runs one peer. CPU times are shown beside the times that passed, as they
// say more on a machine that is busy with other things.
import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPeer, bundleDirectory, runtimeEnvironment, runtimeFlags } from "../../scripts/build.ts";
import { buildUi } from "../../scripts/build-ui.ts";
import {
  askAt,
  bearer,
  claimMesh,
  createJoinToken,
  joinByToken,
  type MeshAccess,
  setupCodeIn,
} from "../../scripts/mesh-setup.ts";
import { run } from "../../scripts/processes.ts";
import { freePort } from "../support/free-ports.ts";
import { median } from "../support/statistics.ts";
import { waitFor } from "../support/wait.ts";

const NODE_RED = "node-red@5.0.7";
const MESH_SIZE = 5;
/** Readings at the end of the idle time; the median counts. */
const SAMPLES = 9;
const SAMPLE_INTERVAL_MS = 1_000;
/** Unit of times in /proc/PID/stat: USER_HZ is 100 on all of Linux's present architectures. */
const TICK_MS = 10;

const { values: flags } = parseArgs({
  options: { "idle-seconds": { type: "string", default: "60" }, starts: { type: "string", default: "15" } },
});
const idleSeconds = Number(flags["idle-seconds"]);
const starts = Number(flags.starts);
const scratch = mkdtempSync(join(tmpdir(), "pi-controller-footprint-"));
const children: ChildProcess[] = [];

async function installNodeRed(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const directory = join(cache, "pi-controller", NODE_RED);
  const program = join(directory, "node_modules", "node-red", "red.js");
  if (!existsSync(program)) {
    mkdirSync(directory, { recursive: true });
    const code = await run([
      "npm",
      "install",
      "--prefix",
      directory,
      "--no-audit",
      "--no-fund",
      "--silent",
      NODE_RED,
    ]);
    if (code !== 0) throw new Error(`${NODE_RED} could not be installed`);
  }
  return program;
}

function ownNode(name: string): string {
  const path = join(scratch, `node-${name}`);
  copyFileSync(process.execPath, path);
  return path;
}

function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

interface StartedPeer {
  readonly child: ChildProcess;
  readonly url: string;
  readonly servingMs: number;
  /** Of user and system, until it served. */
  readonly cpuMs: number;
}

/** A peer's place on this machine, the same in every one of its lives. */
interface Place {
  readonly name: string;
  readonly port: number;
  readonly meshPort: number;
}

async function placeOf(name: string): Promise<Place> {
  return { name, port: await freePort(), meshPort: await freePort() };
}

async function startPeer(node: string, { meshPort, name, port }: Place): Promise<StartedPeer> {
  const startedMs = performance.now();
  const child = start(
    [
      ...[node, ...runtimeFlags, join(bundleDirectory, "peer.mjs")],
      ...["--data-dir", join(scratch, name), "--name", name, "--listen", "127.0.0.1"],
      ...["--port", String(port), "--mesh-port", String(meshPort), "--no-mdns", "--log-level", "warn"],
    ],
    runtimeEnvironment,
  );
  const url = `http://127.0.0.1:${port}`;
  await serves(`${url}/readyz`, 30_000);
  return { child, url, servingMs: performance.now() - startedMs, cpuMs: cpuMs(child) };
}

/** Makes a mesh of peers that are stopped again: what is measured are members, not the making of them. */
async function makeMesh(places: readonly Place[]): Promise<MeshAccess> {
  const [first, ...others] = places;
  if (first === undefined) throw new Error("A mesh has a first peer");
  const founder = await startPeer(process.execPath, first);
  const ask = askAt(founder.url);
  const code = await setupCodeIn(join(scratch, first.name));
  const access = await claimMesh(ask, { code, meshName: "footprint" });
  const joinToken = await createJoinToken(ask, access);
  const joined: StartedPeer[] = [founder];
  for (const place of others) {
    mkdirSync(join(scratch, place.name), { recursive: true });
    writeFileSync(join(scratch, place.name, "join-token"), joinToken, { mode: 0o600 });
    const peer = await startPeer(process.execPath, place);
    await joinByToken({ ask, access }, { ask: askAt(peer.url), address: `127.0.0.1:${place.meshPort}` });
    joined.push(peer);
  }
  await allAlive(joined, access);
  await Promise.all(joined.map(({ child }) => stop(child)));
  return access;
}

function serves(url: string, withinMs: number): Promise<unknown> {
  return waitFor(
    `${url} answers`,
    async () => {
      const answer = await fetch(url).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok;
    },
    { withinMs, everyMs: 2 },
  );
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

/** Proportional set size in MB (`smaps_rollup`, proc(5)). */
function pssMb(child: ChildProcess): number {
  const rollup = readFileSync(`/proc/${child.pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024;
}

/** Of user and system, of all threads, since the process began (proc(5)). */
function cpuMs(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  // The name of the program comes second, in parentheses; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

interface Idle {
  /** Median, in MB. */
  readonly pssMb: number;
  readonly cpuSeconds: number;
}

/** Watches programs that do nothing, all over the same time. */
async function watchIdle(programs: readonly ChildProcess[], seconds: number): Promise<Idle[]> {
  const before = programs.map(cpuMs);
  const memory = programs.map((): number[] => []);
  await wait(Math.max(seconds * 1000 - SAMPLES * SAMPLE_INTERVAL_MS, 0));
  for (let sample = 0; sample < SAMPLES; sample++) {
    await wait(SAMPLE_INTERVAL_MS);
    for (const [index, program] of programs.entries()) memory[index]?.push(pssMb(program));
  }
  return programs.map((program, index) => ({
    pssMb: median(memory[index] ?? []),
    cpuSeconds: (cpuMs(program) - (before[index] ?? 0)) / 1000,
  }));
}

function wait(durationMs: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, durationMs));
}

async function allAlive(peers: readonly StartedPeer[], access: MeshAccess): Promise<void> {
  await waitFor(
    "all are alive everywhere",
    async () => {
      const totals = await Promise.all(
        peers.map(async ({ url }) => {
          const page = await askAt(url)("/api/v1/nodes?state=alive", { headers: bearer(access) });
          return (page.body as { total: number }).total;
        }),
      );
      return totals.every((total) => total === peers.length);
    },
    { withinMs: 60_000, everyMs: 10 },
  );
}

async function spawnTimes(node: string): Promise<Pick<StartedPeer, "servingMs" | "cpuMs">[]> {
  const times: Pick<StartedPeer, "servingMs" | "cpuMs">[] = [];
  const place = await placeOf("spawn");
  await makeMesh([place]);
  for (let index = 0; index < starts; index++) {
    const peer = await startPeer(node, place);
    times.push({ servingMs: peer.servingMs, cpuMs: peer.cpuMs });
    await stop(peer.child);
  }
  return times;
}

/** From the spawn of the first of three members, all at once as after a power cut, until all see each other. */
async function timeToMesh(node: string): Promise<number> {
  const places = await Promise.all(["mesh-0", "mesh-1", "mesh-2"].map(placeOf));
  const access = await makeMesh(places);
  const startedMs = performance.now();
  const peers = await Promise.all(places.map((place) => startPeer(node, place)));
  await allAlive(peers, access);
  const elapsedMs = performance.now() - startedMs;
  await Promise.all(peers.map(({ child }) => stop(child)));
  return elapsedMs;
}

function describe({ pssMb, cpuSeconds }: Idle): string {
  return `${pssMb.toFixed(1)} MB PSS, ${cpuSeconds.toFixed(2)} s of CPU in ${idleSeconds} s`;
}

try {
  await buildUi();
  await buildPeer();
  const nodeRed = await installNodeRed();
  const peerNode = ownNode("peer");
  const spawned = await spawnTimes(peerNode);
  const mesh3Ms = await timeToMesh(peerNode);

  const places = await Promise.all(Array.from({ length: MESH_SIZE }, (_, index) => placeOf(`pi-${index}`)));
  const access = await makeMesh(places);
  const [place, ...otherPlaces] = places;
  if (place === undefined) throw new Error("A mesh has a first peer");
  const measured = await startPeer(peerNode, place);
  const others: StartedPeer[] = [];
  for (const other of otherPlaces) others.push(await startPeer(process.execPath, other));
  await allAlive([measured, ...others], access);
  const nodeRedPort = await freePort();
  const rival = start([
    ...[ownNode("node-red"), nodeRed, "--userDir", join(scratch, "node-red"), "--port", String(nodeRedPort)],
  ]);
  await serves(`http://127.0.0.1:${nodeRedPort}/`, 60_000);
  console.log(`Idle for ${idleSeconds} s ...`);
  const [ours, theirs] = await watchIdle([measured.child, rival], idleSeconds);
  if (ours === undefined || theirs === undefined) throw new Error("nothing was measured");

  console.log(`Peer in a mesh of ${MESH_SIZE}: ${describe(ours)}; ${NODE_RED}: ${describe(theirs)}`);
  const servingMs = spawned.map((times) => times.servingMs);
  console.log(`Spawn to serving, ${starts} starts: ${servingMs.map((time) => time.toFixed(0)).join(" ")} ms`);
  const figures = {
    pss_ratio: (ours.pssMb / theirs.pssMb).toFixed(3),
    spawn_p50_ms: median(servingMs).toFixed(0),
    mesh3_ms: mesh3Ms.toFixed(0),
    pss_mb: ours.pssMb.toFixed(1),
    node_red_pss_mb: theirs.pssMb.toFixed(1),
    spawn_cpu_p50_ms: median(spawned.map((times) => times.cpuMs)).toFixed(0),
    idle_cpu_s: ours.cpuSeconds.toFixed(2),
    node_red_idle_cpu_s: theirs.cpuSeconds.toFixed(2),
  };
  console.log(
    `footprint ${Object.entries(figures)
      .map((figure) => figure.join("="))
      .join(" ")}`,
  );
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
