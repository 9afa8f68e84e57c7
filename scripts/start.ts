// `npm start`: a mesh of several peers on this machine, with simulated hardware.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildUi, uiDirectory } from "./build-ui.ts";
import {
  askAt,
  claimMesh,
  createJoinToken,
  joinByToken,
  type MeshAccess,
  setupCodeIn,
} from "./mesh-setup.ts";
import { nodeCommand, repositoryRoot, secondsSince } from "./processes.ts";

const HELP = `Starts a mesh of peers on this machine, with simulated boards, and says how to log in.

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
  readonly meshPort: number;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  exited: boolean;
}

/** What became of a peer once it answered. */
type Standing = "member" | "waits for approval" | "did not start: see above";

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

function startPeer(index: number, ports: { readonly api: number; readonly mesh: number }): Peer {
  const name = nameOf(index);
  const ownDirectory = join(dataDirectory, name);
  const [program, ...nodeFlags] = nodeCommand;
  const child = spawn(
    program,
    [
      ...nodeFlags,
      `${repositoryRoot}peer/src/main.ts`,
      ...["--data-dir", ownDirectory, "--name", name, "--listen", "127.0.0.1"],
      ...["--port", String(ports.api), "--mesh-port", String(ports.mesh)],
      ...["--board", BOARDS[index % BOARDS.length] ?? "", "--ui-dir", uiDirectory],
      ...["--log-level", flags["log-level"], "--log-format", "pretty"],
      ...(index === 0 ? [] : ["--join-token-file", joinTokenFile(name)]),
      // Multicast may not be had on this machine.
      ...peers.slice(0, 1).flatMap((first) => ["--join", `127.0.0.1:${first.meshPort}`]),
    ],
    // A process group of its own: Ctrl-C reaches this program alone, which then ends the peers in good order.
    { stdio: ["ignore", "inherit", "inherit"], detached: true },
  );
  const peer: Peer = {
    name,
    url: `http://127.0.0.1:${ports.api}`,
    meshPort: ports.mesh,
    dataDirectory: ownDirectory,
    process: child,
    exited: false,
  };
  child.on("exit", (code, signal) => {
    peer.exited = true;
    if (!state.stopping) console.error(`${name} ended by itself (${signal ?? `exit code ${code}`}).`);
    if (peers.every((other) => other.exited)) finish();
  });
  peers.push(peer);
  return peer;
}

function nameOf(index: number): string {
  return `pi-${String.fromCharCode(97 + (index % 26))}${index < 26 ? "" : index}`;
}

function joinTokenFile(name: string): string {
  return join(dataDirectory, `${name}.join-token`);
}

/** Waits until a peer answers, and says whether it belongs to a mesh. */
async function answers(peer: Peer): Promise<"member" | "unclaimed" | undefined> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs && !peer.exited && !state.stopping) {
    const session = await askAt(peer.url)("/api/v1/session").catch(() => undefined);
    if (session?.status === 200) return (session.body as { state: "member" | "unclaimed" }).state;
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
  return undefined;
}

/** Starts the first peer and, when it belongs to no mesh yet, makes one of it. */
async function startFirst(ports: {
  readonly api: number;
  readonly mesh: number;
}): Promise<MeshAccess | undefined> {
  const first = startPeer(0, ports);
  if ((await answers(first)) !== "unclaimed") return undefined;
  const ask = askAt(first.url);
  const access = await claimMesh(ask, { code: await setupCodeIn(first.dataDirectory), meshName: "home" });
  writeFileSync(join(dataDirectory, "api-token"), access.apiToken, { mode: 0o600 });
  return access;
}

/** Starts another peer; while the mesh is new, with a token that lets it join by itself. */
async function startOther(
  index: number,
  ports: { readonly api: number; readonly mesh: number },
  access: MeshAccess | undefined,
  joinToken: string | undefined,
): Promise<Standing> {
  const [first] = peers;
  if (joinToken !== undefined) writeFileSync(joinTokenFile(nameOf(index)), joinToken, { mode: 0o600 });
  const peer = startPeer(index, ports);
  const standing = await answers(peer);
  if (standing === undefined) return "did not start: see above";
  if (standing === "member") return "member";
  if (first === undefined || access === undefined) return "waits for approval";
  await joinByToken(
    { ask: askAt(first.url), access },
    { ask: askAt(peer.url), address: `127.0.0.1:${peer.meshPort}` },
  );
  return "member";
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
mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
stopWithParent();

const apiPorts = await freePorts(flags.port, flags.peers);
const meshPorts = await freePorts(Math.max(flags.port, ...apiPorts) + 1_000, flags.peers);
const ports = apiPorts.flatMap((api, index) => {
  const mesh = meshPorts[index];
  return mesh === undefined ? [] : [{ api, mesh }];
});
const [firstPorts, ...otherPorts] = ports;
if (firstPorts === undefined || ports.length < flags.peers) {
  console.error(`There are not ${flags.peers} free ports from ${flags.port} on.`);
  process.exit(1);
}
try {
  await run(firstPorts, otherPorts);
} catch (error) {
  if (!state.stopping) console.error(error instanceof Error ? error.message : String(error));
  stop();
}

async function run(first: (typeof ports)[number], others: typeof ports): Promise<void> {
  const access = await startFirst(first);
  const [leader] = peers;
  if (leader === undefined || leader.exited) return;
  const joinToken = access === undefined ? undefined : await createJoinToken(askAt(leader.url), access);
  const standings = await Promise.all(
    others.map((its, index) => startOther(index + 1, its, access, joinToken)),
  );
  if (state.stopping) return;
  const rows = peers.map((peer, index) => {
    const standing = index === 0 ? "member" : (standings[index - 1] ?? "member");
    return `  ${peer.name}  ${standing === "member" ? peer.url : `${peer.url}  ${standing}`}`;
  });
  const login =
    access === undefined
      ? "Log in as you did before."
      : `Log in as ${access.userName} with the password ${access.password}\n` +
        `(programs: the token in ${join(dataDirectory, "api-token")}, as "Authorization: Bearer ...").`;
  console.log(
    `\nA mesh of ${peers.length} peers is up after ${secondsSince(startedMs)}. Open any of them:\n${rows.join("\n")}\n` +
      `${login}\n` +
      `To make a board overheat: echo overheat > ${leader.dataDirectory}/board-faults\n` +
      "(or brown-out; an empty file makes it well again).\n" +
      `To move a wire of its header: echo "GPIO17 high" > ${leader.dataDirectory}/simulated-pins\n` +
      "Ctrl-C ends it all.\n",
  );
}
