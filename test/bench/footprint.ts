// Memory and start-up of the bundled peer, beside Node-RED: `npm run bench -- footprint`.
//
// Each measured program runs from a copy of Node of its own: processes that share one binary on one machine
// would share its pages too, and a Pi runs one peer.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPeer, bundleDirectory, runtimeFlags } from "../../scripts/build.ts";
import { buildUi } from "../../scripts/build-ui.ts";
import { run } from "../../scripts/processes.ts";
import { waitFor } from "../support/wait.ts";
import { median } from "./statistics.ts";

const NODE_RED = "node-red@5.0.7";
const MESH_SIZE = 5;

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
    { MALLOC_ARENA_MAX: "1" },
  );
  const url = `http://127.0.0.1:${port}`;
  await serves(`${url}/readyz`, 30_000);
  return { child, url, servingMs: performance.now() - startedMs };
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

async function spawnTimes(node: string): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < starts; index++) {
    const peer = await startPeer(node, "spawn", []);
    times.push(peer.servingMs);
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
  await new Promise((wake) => setTimeout(wake, idleSeconds * 1000));
  const [ours, theirs] = [pssMb(measured.child), pssMb(rival)];

  console.log(
    `Peer in a mesh of ${MESH_SIZE}: ${ours.toFixed(1)} MB PSS; ${NODE_RED}: ${theirs.toFixed(1)} MB PSS`,
  );
  console.log(`Spawn to serving, ${starts} starts: ${spawned.map((time) => time.toFixed(0)).join(" ")} ms`);
  console.log(
    `footprint pss_ratio=${(ours / theirs).toFixed(3)} spawn_p50_ms=${median(spawned).toFixed(0)} mesh3_ms=${mesh3Ms.toFixed(0)} pss_mb=${ours.toFixed(1)} node_red_pss_mb=${theirs.toFixed(1)}`,
  );
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
