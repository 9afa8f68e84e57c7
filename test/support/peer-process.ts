import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MeshView, NodePage, NodeView, SessionStatus } from "@pi-controller/schema";
import {
  type ApiAnswer,
  type ApiRequest,
  bearer,
  claimMesh,
  createJoinToken,
  joinByToken as joinMesh,
  type MeshAccess,
  setupCodeIn,
} from "../../scripts/mesh-setup.ts";
import { waitFor } from "./wait.ts";

const MAIN = fileURLToPath(new URL("../../peer/src/main.ts", import.meta.url));
const START_WITHIN_MS = 30_000;
const MAX_LOG_CHARACTERS = 5_000_000;

export interface PeerProcessOptions {
  readonly name: string;
  readonly dataDirectory: string;
  /** More flags, as `["--join", "..."]`. */
  readonly flags?: readonly string[];
  /** What to run instead of the repository's peer. */
  readonly program?: readonly string[];
  /** Put before the command, as `["ip", "netns", "exec", "pi-a"]`. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How to ask its API; over the network of this process by default. */
  readonly fetchJson?: FetchJson;
  /** For machines that are busier than most. 30 s unless given. */
  readonly startWithinMs?: number;
  /** Do not wait until it serves. */
  readonly expectFailure?: boolean;
  /** Of the mesh that it belongs to, or will: requests are made with its token. */
  readonly access?: MeshAccess;
}

export type JsonAnswer = ApiAnswer;
export type JsonRequest = ApiRequest;
export type FetchJson = (url: string, init?: JsonRequest) => Promise<JsonAnswer>;

/** Asks an API over the network of this process. */
export const fetchJson: FetchJson = async (url, init) => {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
};

/** One peer as a process of its own, as a user runs it. */
export class PeerProcess {
  readonly name: string;
  readonly #options: PeerProcessOptions;
  readonly #child: ChildProcess;
  #log = "";
  #exitCode: number | undefined;
  #url: string | undefined;
  #meshAddress: string | undefined;
  #access: MeshAccess | undefined;
  readonly #exited: Promise<number>;

  constructor(options: PeerProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#access = options.access;
    const command = [
      ...(options.wrapper ?? []),
      ...(options.program ?? [process.execPath, "--disable-warning=ExperimentalWarning", MAIN]),
      ...["--name", options.name, "--data-dir", options.dataDirectory],
      ...["--port", "0", "--mesh-port", "0", "--log-format", "json", "--board", "simulated-pi-4"],
      ...(options.flags?.includes("--listen") ? [] : ["--listen", "127.0.0.1"]),
      ...(options.flags ?? []),
    ];
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
    });
    const collect = (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-MAX_LOG_CHARACTERS);
      this.#url ??= /"url":"(http:[^"]+)"/.exec(this.#log)?.[1];
      this.#meshAddress ??= /"addresses":\["([^"]+)"/.exec(this.#log)?.[1];
    };
    this.#child.stdout?.on("data", collect);
    this.#child.stderr?.on("data", collect);
    this.#exited = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => {
        this.#exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
        resolve(this.#exitCode);
      });
    });
  }

  /** Starts a peer and waits until it serves: its mesh, or its set-up page. */
  static async start(options: PeerProcessOptions): Promise<PeerProcess> {
    const peer = new PeerProcess(options);
    try {
      await waitFor(
        `${options.name} serves`,
        async () => !peer.running || (peer.#url !== undefined && (await peer.session()).state !== undefined),
        { withinMs: options.startWithinMs ?? START_WITHIN_MS },
      );
      if (!peer.running) throw new Error(`It ended with ${peer.#exitCode}`);
      return peer;
    } catch (error) {
      await peer.kill("SIGKILL");
      throw new Error(`${options.name} did not start:\n${peer.log}`, { cause: error });
    }
  }

  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get dataDirectory(): string {
    return this.#options.dataDirectory;
  }

  get running(): boolean {
    return this.#exitCode === undefined;
  }

  /** Of its API and UI. */
  get url(): string {
    if (this.#url === undefined) throw new Error(`${this.name} has no URL yet`);
    return this.#url;
  }

  /** Where other peers connect. */
  get meshAddress(): string {
    if (this.#meshAddress === undefined) throw new Error(`${this.name} has no mesh address yet`);
    return this.#meshAddress;
  }

  /** What opens the mesh that this peer belongs to. */
  get access(): MeshAccess {
    if (this.#access === undefined) throw new Error(`${this.name} was not told how to log in`);
    return this.#access;
  }

  /** From now on requests are made with another token. */
  useAccess(access: MeshAccess): void {
    this.#access = access;
  }

  /** Makes a mesh of this peer, which belongs to none. */
  async claim(meshName: string): Promise<MeshAccess> {
    const code = await setupCodeIn(this.dataDirectory);
    this.#access = await claimMesh((path, init) => this.request(path, init), { code, meshName });
    return this.#access;
  }

  /** Starts the same peer once more, on its data: a member of the mesh that it belongs to. */
  async again(flags: readonly string[] = []): Promise<PeerProcess> {
    const access = this.#access === undefined ? {} : { access: this.#access };
    return PeerProcess.start({ ...this.#options, ...access, flags: ["--no-mdns", ...flags] });
  }

  /** Sends a signal without waiting for anything. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<number> {
    if (this.#exitCode === undefined) this.#child.kill(signal);
    return this.#exited;
  }

  /** Waits for the process to end by itself. */
  async ended(withinMs = START_WITHIN_MS): Promise<number> {
    return waitFor(`${this.name} ends`, () => this.#exitCode !== undefined && { code: this.#exitCode }, {
      withinMs,
    }).then(({ code }) => code);
  }

  /** Asks as the program that holds the mesh's token, unless the request says who else. */
  async request(path: string, init: JsonRequest = {}): Promise<JsonAnswer> {
    const isNamed = Object.keys(init.headers ?? {}).some((name) =>
      ["authorization", "cookie"].includes(name),
    );
    const headers = {
      ...(this.#access === undefined || isNamed ? {} : bearer(this.#access)),
      ...init.headers,
    };
    return (this.#options.fetchJson ?? fetchJson)(`${this.url}${path}`, { ...init, headers });
  }

  async session(): Promise<SessionStatus> {
    return (await this.request("/api/v1/session")).body as SessionStatus;
  }

  /** Sends JSON. */
  async send(method: string, path: string, body: unknown): Promise<JsonAnswer> {
    const headers = { "content-type": "application/json" };
    return this.request(path, { method, headers, body: JSON.stringify(body) });
  }

  async nodes(): Promise<NodeView[]> {
    const { status, body } = await this.request("/api/v1/nodes?limit=500");
    if (status !== 200) throw new Error(`${this.name} does not list its nodes: ${JSON.stringify(body)}`);
    return (body as NodePage).items;
  }

  async mesh(): Promise<MeshView> {
    return (await this.request("/api/v1/mesh")).body as MeshView;
  }

  /** What this peer believes of another, by name. */
  async stateOf(name: string): Promise<string | undefined> {
    return (await this.nodes()).find((node) => node.name === name)?.membership.state;
  }
}

/** Waits until every peer sees every one of them in the given state. */
export async function allSee(
  observers: readonly PeerProcess[],
  names: readonly string[],
  state: string,
  withinMs: number,
): Promise<void> {
  await Promise.all(
    observers.map((observer) =>
      waitFor(
        `${observer.name} sees ${names.join(", ")} ${state}`,
        async () => {
          const nodes = await observer.nodes();
          return names.every((name) => nodes.find((node) => node.name === name)?.membership.state === state);
        },
        { withinMs },
      ),
    ),
  );
}

/** Waits until each has a connection to every other one: who is known to be alive may still be out of reach. */
export async function allConnected(peers: readonly PeerProcess[]): Promise<void> {
  await Promise.all(
    peers.map((peer) =>
      waitFor(
        `${peer.name} is connected with all others`,
        async () => new Set((await peer.mesh()).connections.map(({ node }) => node)).size >= peers.length - 1,
        { withinMs: 20_000 },
      ),
    ),
  );
}

/** Ends what it was told of, in reverse, when a test is over, however that went. */
export class Cleanup {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  temporaryDirectory(prefix = "pi-controller-test-"): string {
    const directory = mkdtempSync(join(tmpdir(), prefix));
    this.add(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
    return directory;
  }

  peer(peer: PeerProcess): PeerProcess {
    this.add(async () => {
      // A stopped process cannot die of SIGTERM.
      peer.signal("SIGCONT");
      await peer.kill("SIGKILL");
    });
    return peer;
  }

  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).toReversed()) await task();
  }
}

/**
 * Starts `count` peers named pi-a, pi-b, ...: the first makes a mesh, the others join it with a token. They do not
 * rely on multicast.
 */
export async function startMesh(
  cleanup: Cleanup,
  count: number,
  options: { readonly meshName: string; readonly flags?: readonly string[] },
): Promise<PeerProcess[]> {
  const directory = cleanup.temporaryDirectory();
  const flags = ["--no-mdns", ...(options.flags ?? [])];
  const start = async (index: number, more: Pick<PeerProcessOptions, "flags" | "access">) => {
    const name = `pi-${String.fromCharCode(97 + index)}`;
    return cleanup.peer(
      await PeerProcess.start({
        name,
        dataDirectory: join(directory, name),
        ...more,
        flags: [...flags, ...(more.flags ?? [])],
      }),
    );
  };
  const first = await start(0, {});
  const access = await first.claim(options.meshName);
  const joinToken = await createJoinToken((path, init) => first.request(path, init), access);
  const others = await Promise.all(
    Array.from({ length: count - 1 }, async (_, index) => {
      const tokenFile = join(directory, `join-token-${index}`);
      writeFileSync(tokenFile, joinToken, { mode: 0o600 });
      const peer = await start(index + 1, { access, flags: ["--join-token-file", tokenFile] });
      await joinByToken(first, peer);
      return peer;
    }),
  );
  const peers = [first, ...others];
  await allSee(
    peers,
    peers.map((peer) => peer.name),
    "alive",
    20_000,
  );
  await allConnected(peers);
  return peers;
}

/** Has a member admit a peer that waits with a join token, and waits until it serves the mesh. */
export async function joinByToken(member: PeerProcess, peer: PeerProcess): Promise<void> {
  await joinMesh(
    { ask: (path, init) => member.request(path, init), access: member.access },
    { ask: (path, init) => peer.request(path, init), address: peer.meshAddress },
  );
}
