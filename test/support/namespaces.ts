import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { FetchJson, JsonAnswer, JsonRequest } from "./peer-process.ts";

/** The network device of each host. */
const DEVICE = "eth0";
/** A locally administered Ethernet address that no device has (IEEE 802). */
const NOBODY = "02:00:00:00:00:01";

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}

/**
 * Hosts on one Ethernet, each a network namespace: a bridge in a namespace of its own, so that nothing of
 * this machine's network is touched.
 */
export class Ethernet {
  readonly #prefix = `pc${process.pid % 10_000}`;
  readonly #hosts: Host[] = [];
  readonly #multicast: boolean;

  /** @param options.multicast whether the switch carries multicast */
  constructor(options: { readonly multicast: boolean } = { multicast: true }) {
    this.#multicast = options.multicast;
    const bridge = this.#bridgeNamespace;
    ip("netns", "add", bridge);
    ip("-n", bridge, "link", "set", "lo", "up");
    ip("-n", bridge, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
    ip("-n", bridge, "link", "set", "br0", "up");
  }

  get #bridgeNamespace(): string {
    return `${this.#prefix}-sw`;
  }

  /** Adds a host with the address 10.99.0.(n). It has no default route, as on a LAN without internet. */
  addHost(name: string): Host {
    const index = this.#hosts.length + 1;
    const namespace = `${this.#prefix}-${name}`;
    const port = `port${index}`;
    const bridge = this.#bridgeNamespace;
    ip("netns", "add", namespace);
    ip("-n", bridge, "link", "add", port, "type", "veth", "peer", "name", DEVICE, "netns", namespace);
    ip("-n", bridge, "link", "set", port, "master", "br0");
    if (!this.#multicast) {
      ip("-n", bridge, "link", "set", port, "type", "bridge_slave", "mcast_flood", "off");
    }
    ip("-n", bridge, "link", "set", port, "up");
    const address = `10.99.0.${index}`;
    ip("-n", namespace, "link", "set", "lo", "up");
    ip("-n", namespace, "addr", "add", `${address}/24`, "dev", DEVICE);
    ip("-n", namespace, "link", "set", DEVICE, "up");
    const host = new Host(namespace, address, (up) =>
      ip("-n", bridge, "link", "set", port, up ? "up" : "down"),
    );
    this.#hosts.push(host);
    return host;
  }

  remove(): void {
    for (const host of this.#hosts) host.remove();
    ip("netns", "delete", this.#bridgeNamespace);
  }
}

/** A machine on the Ethernet. */
export class Host {
  readonly address: string;
  readonly #namespace: string;
  readonly #setLink: (up: boolean) => void;
  #agent: Agent | undefined;

  constructor(namespace: string, address: string, setLink: (up: boolean) => void) {
    this.#namespace = namespace;
    this.address = address;
    this.#setLink = setLink;
  }

  /** Put before a command, runs it on this host. */
  get wrapper(): readonly string[] {
    return ["ip", "netns", "exec", this.#namespace];
  }

  /** Asks an API that listens on this host's loopback. */
  readonly fetchJson: FetchJson = (url, init) => {
    this.#agent ??= new Agent(this.wrapper);
    return this.#agent.request(url, init);
  };

  /** Pulls the network cable. */
  cut(): void {
    this.#setLink(false);
  }

  plug(): void {
    this.#setLink(true);
  }

  /** From now on what this host sends to another one is lost on the way, silently; the way back stays as it is. */
  loseTo({ address }: Host): void {
    // There is no nftables everywhere: an Ethernet address that nobody has does the same.
    this.#ip("neigh", "replace", address, "lladdr", NOBODY, "nud", "permanent", "dev", DEVICE);
  }

  reach({ address }: Host): void {
    this.#ip("neigh", "delete", address, "dev", DEVICE);
  }

  remove(): void {
    this.#agent?.stop();
    ip("netns", "delete", this.#namespace);
  }

  #ip(...args: string[]): void {
    ip("-n", this.#namespace, ...args);
  }
}

/** Runs inside a namespace and makes the requests it reads from standard input. */
const AGENT_PROGRAM = `
  const lines = require("node:readline").createInterface({ input: process.stdin });
  lines.on("line", async (line) => {
    const { id, url, init } = JSON.parse(line);
    let answer;
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10000) });
      const text = await response.text();
      answer = { status: response.status, headers: Object.fromEntries(response.headers), text };
    } catch (error) {
      answer = { error: String(error.cause ?? error) };
    }
    console.log(JSON.stringify({ id, ...answer }));
  });
`;

interface AgentAnswer {
  readonly id: number;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly error?: string;
}

class Agent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: AgentAnswer) => void>();
  #nextId = 1;

  constructor(wrapper: readonly string[]) {
    const [program, ...args] = [...wrapper, process.execPath, "-e", AGENT_PROGRAM];
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    // Who still asks when the host is removed gets no answer; that the pipe is closed is no news then.
    this.#child.stdin?.on("error", () => {});
    if (this.#child.stdout === null) throw new Error("The agent has no output");
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as AgentAnswer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  async request(url: string, init?: JsonRequest): Promise<JsonAnswer> {
    const id = this.#nextId++;
    const answered = new Promise<AgentAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin?.write(`${JSON.stringify({ id, url, init })}\n`);
    const { status, headers, text, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return { status, headers, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
