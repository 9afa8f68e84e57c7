import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  askAt,
  claimMesh,
  createJoinToken,
  joinByToken,
  type MeshAccess,
  setupCodeIn,
} from "../../../scripts/mesh-setup.ts";
import { nodeCommand } from "../../../scripts/processes.ts";
import { readChange } from "../../support/sightings.ts";
import { waitFor } from "../../support/wait.ts";
import { Cluster } from "./cluster.ts";
import { MemberProcess } from "./member-process.ts";

interface Joined {
  readonly url: string;
  readonly meshAddress: string;
}

/** Peers as they are: the first one makes a mesh, the others join it with a token. */
export class PeerCluster extends Cluster {
  readonly name = "peer";
  readonly #program: string;
  readonly #directory: string;
  readonly #joined = new Map<string, Joined>();
  #access: { readonly mesh: MeshAccess; readonly joinToken: string } | undefined;

  /** @param directory for their data, empty */
  constructor(program: string, directory: string) {
    super();
    this.#program = program;
    this.#directory = directory;
  }

  protected async launch(name: string): Promise<MemberProcess> {
    const [seed] = [...this.#joined].filter(([member]) => member !== name).map(([, joined]) => joined);
    const directory = join(this.#directory, name);
    const flags = ["--name", name, "--data-dir", directory, "--port", "0", "--mesh-port", "0"];
    flags.push("--listen", "127.0.0.1", "--no-mdns", "--log-format", "json", "--board", "simulated-pi-4");
    if (seed !== undefined) flags.push("--join", seed.meshAddress);
    if (this.#access !== undefined) {
      // A peer that has joined wipes it.
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, "join-token"), this.#access.joinToken, { mode: 0o600 });
    }
    let url: string | undefined;
    let meshAddress: string | undefined;
    const peer = new MemberProcess(name, [...nodeCommand, this.#program, ...flags], (line) => {
      url ??= /"url":"(http:[^"]+)"/.exec(line)?.[1];
      meshAddress ??= /"addresses":\["([^"]+)"/.exec(line)?.[1];
      return readPeer(line);
    });
    const joined = await waitFor(
      `${name} answers`,
      async () => {
        if (!peer.running) throw new Error(`${name} ended:\n${peer.output}`);
        if (url === undefined || meshAddress === undefined) return undefined;
        const session = await askAt(url)("/api/v1/session");
        const { node, state } = session.body as { node: string; state: string };
        return { node, state, url, meshAddress };
      },
      { withinMs: 60_000 },
    );
    peer.id = joined.node;
    if (joined.state === "unclaimed") await this.#enrol(directory, joined, seed);
    this.#joined.set(name, joined);
    return peer;
  }

  async #enrol(directory: string, { url, meshAddress }: Joined, seed: Joined | undefined): Promise<void> {
    const ask = askAt(url);
    if (seed === undefined || this.#access === undefined) {
      const mesh = await claimMesh(ask, { code: await setupCodeIn(directory), meshName: "detect" });
      this.#access = { mesh, joinToken: await createJoinToken(ask, mesh) };
      return;
    }
    const member = { ask: askAt(seed.url), access: this.#access.mesh };
    await joinByToken(member, { ask, address: meshAddress });
  }
}

/** Of what it logs, what the rival tells as well. */
function readPeer(line: string): { member: string; state: "alive" | "dead" } | undefined {
  const change = readChange(line);
  if (change?.state !== "alive" && change?.state !== "dead") return undefined;
  return { member: change.node, state: change.state };
}
