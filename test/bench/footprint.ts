// Memory and start-up of the bundled peer, beside Node-RED: `npm run bench -- footprint`.
//
// Each measured program runs from a copy of Node of its own: processes that share one binary on one machine
// would share its pages too, and a Pi runs one peer. CPU times are shown beside the times that passed, as they
// say more on a machine that is busy with other things.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPeer, bundleDirectory, runtimeEnvironment, runtimeFlags } from "../../scripts/build.ts";
import { buildUi } from "../../scripts/build-ui.ts";
import { run } from "../../scripts/processes.ts";
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

async function startPeer(node: string, name: string, more: readonly string[]): Promise<StartedPeer> {
  const port = await freePort();
  const startedMs = performance.now();
  const child = start(
    [
      ...[node, ...runtimeFlags, join(bundleDirectory, "peer.mjs")],
      ...["--data-dir", join(scratch, name), "--name", name, "--port", String(port), "--mesh-port", "0"],
      ...["--mesh-name", "footprint", "--no-mdns", "--log-level", "warn", ...more],
    ],
    runtimeEnvironment,
  );
  const url = `http://127.0.0.1:${port}`;
  await serves(`${url}/readyz`, 30_000);
  return { child, url, servingMs: performance.now() - startedMs, cpuMs: cpuMs(child) };
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
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

async function meshAddress(peer: StartedPeer): Promise<string> {
  const mesh = (await (await fetch(`${peer.url}/api/v1/mesh`)).json()) as { addresses: string[] };
  return mesh.addresses[0] ?? "";
}

async function allAlive(peers: readonly StartedPeer[]): Promise<void> {
  await waitFor(
    "all are alive everywhere",
    async () => {
      const totals = await Promise.all(
        peers.map(async ({ url }) => {
          const page = (await (await fetch(`${url}/api/v1/nodes?state=alive`)).json()) as { total: number };
          return page.total;
        }),
      );
      return totals.every((total) => total === peers.length);
    },
    { withinMs: 60_000, everyMs: 10 },
  );
}

async function spawnTimes(node: string): Promise<Pick<StartedPeer, "servingMs" | "cpuMs">[]> {
  const times: Pick<StartedPeer, "servingMs" | "cpuMs">[] = [];
  for (let index = 0; index < starts; index++) {
    const peer = await startPeer(node, "spawn", []);
    times.push({ servingMs: peer.servingMs, cpuMs: peer.cpuMs });
    await stop(peer.child);
  }
  return times;
}

/** From the spawn of the first of three peers until all three see each other. */
async function timeToMesh(node: string): Promise<number> {
  const startedMs = performance.now();
  const first = await startPeer(node, "mesh-0", []);
  const joinFlags = ["--join", await meshAddress(first)];
  const others = await Promise.all([1, 2].map((index) => startPeer(node, `mesh-${index}`, joinFlags)));
  const peers = [first, ...others];
  await allAlive(peers);
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

  const measured = await startPeer(peerNode, "pi-0", []);
  const joinFlags = ["--join", await meshAddress(measured)];
  const others: StartedPeer[] = [];
  for (let index = 1; index < MESH_SIZE; index++) {
    others.push(await startPeer(process.execPath, `pi-${index}`, joinFlags));
  }
  await allAlive([measured, ...others]);
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
