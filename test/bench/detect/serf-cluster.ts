import { freePort } from "../../support/free-ports.ts";
import { waitFor } from "../../support/wait.ts";
import { Cluster } from "./cluster.ts";
import { MemberProcess } from "./member-process.ts";

/** Agents of Serf as Debian ships it, with the timing of its default profile (LAN). */
export class SerfCluster extends Cluster {
  readonly name = "serf";
  readonly #addresses = new Map<string, { bind: string; rpc: string }>();

  protected async launch(name: string): Promise<MemberProcess> {
    const [seed] = [...this.#addresses.entries()].filter(([member]) => member !== name);
    const address = this.#addresses.get(name) ?? {
      bind: `127.0.0.1:${await freePort()}`,
      rpc: `127.0.0.1:${await freePort()}`,
    };
    this.#addresses.set(name, address);
    const flags = [`-node=${name}`, `-bind=${address.bind}`, `-rpc-addr=${address.rpc}`];
    if (seed !== undefined) flags.push(`-retry-join=${seed[1].bind}`);
    const agent = new MemberProcess(name, ["serf", "agent", ...flags], readSerf);
    await waitFor(`${name} runs`, () => agent.believes(agent) === "alive", { withinMs: 20_000 });
    return agent;
  }
}

/** As `2026/11/21 06:00:00 [INFO] serf: EventMemberFailed: serf-3 127.0.0.1`. */
function readSerf(line: string): { member: string; state: "alive" | "dead" } | undefined {
  const event = /serf: EventMember(Join|Failed): (\S+)/.exec(line);
  if (event === null) return undefined;
  return { member: event[2] ?? "", state: event[1] === "Join" ? "alive" : "dead" };
}
