import { join } from "node:path";
import type { MeshView } from "@pi-controller/schema";
import { nodeCommand } from "../../../scripts/processes.ts";
import { waitFor } from "../../support/wait.ts";
import { Cluster } from "./cluster.ts";
import { MemberProcess } from "./member-process.ts";

/** Peers as they are, found through the first one's address. */
export class PeerCluster extends Cluster {
  readonly name = "peer";
  readonly #program: string;
  readonly #directory: string;
  readonly #addressOf = new Map<string, string>();

  /** @param directory for their data, empty */
  constructor(program: string, directory: string) {
    super();
    this.#program = program;
    this.#directory = directory;
  }

  protected async launch(name: string): Promise<MemberProcess> {
    const [seed] = [...this.#addressOf.entries()].filter(([member]) => member !== name);
    const directory = join(this.#directory, name);
    const flags = ["--name", name, "--data-dir", directory, "--port", "0", "--mesh-port", "0"];
    flags.push("--mesh-name", "detect", "--no-mdns", "--log-format", "json", "--board", "simulated-pi-4");
    if (seed !== undefined) flags.push("--join", seed[1]);
    let url: string | undefined;
    const peer = new MemberProcess(name, [...nodeCommand, this.#program, ...flags], (line) => {
      url ??= /"url":"(http:[^"]+)"/.exec(line)?.[1];
      return readPeer(line);
    });
    const mesh = await waitFor(
      `${name} serves`,
      async () => {
        if (!peer.running) throw new Error(`${name} ended:\n${peer.output}`);
        if (url === undefined) return undefined;
        const answer = await fetch(`${url}/api/v1/mesh`, { signal: AbortSignal.timeout(5_000) });
        return answer.ok ? ((await answer.json()) as MeshView) : undefined;
      },
      { withinMs: 60_000 },
    );
    peer.id = mesh.node;
    this.#addressOf.set(name, mesh.addresses[0] ?? "");
    return peer;
  }
}

/** As `{...,"node":"12D3Koo...","previous":"alive","state":"dead","reason":"...",...}`. */
function readPeer(line: string): { member: string; state: "alive" | "dead" } | undefined {
  const change = /"node":"([^"]+)","previous":"\w+","state":"(alive|dead)"/.exec(line);
  if (change === null) return undefined;
  return { member: change[1] ?? "", state: change[2] === "alive" ? "alive" : "dead" };
}
