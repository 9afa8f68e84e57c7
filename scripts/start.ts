// `npm start`: a mesh of several peers on this machine, with simulated hardware.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildUi, uiDirectory } from "./build-ui.ts";
import { nodeCommand, repositoryRoot, secondsSince } from "./processes.ts";

const HELP = `Starts a mesh of peers on this machine, with simulated boards.

Usage: npm start -- [flags]

  --peers COUNT         how many peers, 1 to 30 (default 3)
  --data-dir DIRECTORY  keeps their state here; without it the mesh is thrown away at the end
  --port PORT           port of the first peer's web UI (default 8080, or the next free one)
  --log-level LEVELS    as info,mesh=debug (default info)
  --help                print this help and end
`;
const BOARDS = ["simulated-pi-5", "simulated-pi-4", "simulated-pi-zero-2w"];
const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 50;
const PARENT_CHECK_MS = 500;

interface Peer {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
  exited: boolean;
}

function parseFlags() {
  try {
    const { values } = parseArgs({
      options: {
        peers: { type: "string", default: "3" },
        "data-dir": { type: "string" },
        port: { type: "string", default: "8080" },
        "log-level": { type: "string", default: "info" },
        help: { type: "boolean", default: false },
      },
    });
    const peers = Number(values.peers);
    if (!Number.isInteger(peers) || peers < 1 || peers > 30) throw new Error("--peers: expected 1 to 30");
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_000) throw new Error("--port: expected 1 to 65000");
    return { ...values, peers, port };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Whether nobody listens on a loopback port and we may. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Somebody who listens on all addresses does not hinder us from listening on one: ask first.
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => {
      const server = createServer();
      server.on("error", () => resolve(false));
      server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
    });
  });
}

async function freePorts(first: number, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = first; ports.length < count && port <= 65_535; port++) {
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function startPeer(
  index: number,
  port: number,
  dataDirectory: string,
  join: string | undefined,
  logLevel: string,
): Peer {
  const name = `pi-${String.fromCharCode(97 + (index % 26))}${index < 26 ? "" : index}`;
  const [program, ...flags] = nodeCommand;
  const child = spawn(
    program,
    [
      ...flags,
      `${repositoryRoot}peer/src/main.ts`,
      ...[
        "--data-dir",
        `${dataDirectory}/${name}`,
        "--name",
        name,
        "--port",
        String(port),
        "--mesh-port",
        "0",
      ],
      ...[
        "--board",
        BOARDS[index % BOARDS.length] ?? "",
        "--ui-dir",
        uiDirectory,
        "--mesh-name",
        "npm-start",
      ],
      ...["--log-level", logLevel, "--log-format", "pretty"],
      ...(join === undefined ? [] : ["--join", join]),
    ],
    // A process group of its own: Ctrl-C reaches this program alone, which then ends the peers in good order.
    { stdio: ["ignore", "inherit", "inherit"], detached: true },
  );
  const peer: Peer = { name, url: `http://127.0.0.1:${port}`, process: child, exited: false };
  child.on("exit", (code, signal) => {
    peer.exited = true;
    if (!state.stopping) console.error(`${name} ended by itself (${signal ?? `exit code ${code}`}).`);
    if (peers.every((other) => other.exited)) finish();
  });
  return peer;
}

async function ready(peer: Peer): Promise<boolean> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs && !peer.exited && !state.stopping) {
    const answer = await fetch(`${peer.url}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return true;
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
  return false;
}

/** A multiaddr of a running peer, for the others: multicast may not be had on this machine. */
async function meshAddress(peer: Peer): Promise<string | undefined> {
  const answer = await fetch(`${peer.url}/api/v1/mesh`);
  const mesh = (await answer.json()) as { addresses: string[] };
  return mesh.addresses[0];
}

function stop(): void {
  // The second time it is passed on as well: a peer that is told twice ends at once.
  if (!state.stopping) console.error("\nStopping the peers (again to end them at once) ...");
  state.stopping = true;
  for (const peer of peers) if (!peer.exited) peer.process.kill("SIGTERM");
  if (peers.every((peer) => peer.exited)) finish();
}

/** Whoever started this may be killed without a chance to tell: the peers must not stay behind. */
function stopWithParent(): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

function finish(): void {
  if (flags["data-dir"] === undefined) rmSync(dataDirectory, { recursive: true, force: true });
  process.exit(state.stopping ? 0 : 1);
}

const flags = parseFlags();
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}
const state = { stopping: false };
const peers: Peer[] = [];
const startedMs = performance.now();
await buildUi();
const dataDirectory =
  flags["data-dir"] === undefined
    ? mkdtempSync(join(tmpdir(), "pi-controller-"))
    : resolve(flags["data-dir"]);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
stopWithParent();

const [firstPort, ...otherPorts] = await freePorts(flags.port, flags.peers);
if (firstPort === undefined || otherPorts.length < flags.peers - 1) {
  console.error(`There are not ${flags.peers} free ports from ${flags.port} on.`);
  process.exit(1);
}
const first = startPeer(0, firstPort, dataDirectory, undefined, flags["log-level"]);
peers.push(first);
if (await ready(first)) {
  const join = await meshAddress(first);
  otherPorts.forEach((port, index) =>
    peers.push(startPeer(index + 1, port, dataDirectory, join, flags["log-level"])),
  );
}
const serving = await Promise.all(peers.map(ready));
if (!state.stopping && serving.some(Boolean)) {
  const rows = peers.map(
    (peer, index) => `  ${peer.name}  ${serving[index] ? peer.url : "did not start: see above"}`,
  );
  console.log(
    `\nA mesh of ${serving.filter(Boolean).length} peers is up after ${secondsSince(startedMs)}. ` +
      `Open any of them:\n${rows.join("\n")}\n` +
      `To make a board overheat: echo overheat > ${dataDirectory}/${first.name}/board-faults\n` +
      "(or brown-out; an empty file makes it well again). Ctrl-C ends it all.\n",
  );
} else if (!state.stopping) {
  console.error("No peer started: see above.");
  stop();
}
