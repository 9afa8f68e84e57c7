// What finding out who asks, and whether he may, costs a hot read: `npm run bench -- auth`.
//
// A member of a mesh runs in this process, as shipped, and a client in another one reads a node over and over, over
// one connection. The authenticator is timed within these very requests, where the API calls it; the decision, which
// takes less than a clock tells, in a loop over the principal that the requests had.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { authorize, CredentialAuthenticator, type Principal } from "@pi-controller/security";
import { loadConfig } from "../../peer/src/config/config.ts";
import { createPeer } from "../../peer/src/create-peer.ts";
import { createLog } from "../../peer/src/log.ts";
import { type AskApi, askAt, bearer, claimMesh, setupCodeIn } from "../../scripts/mesh-setup.ts";
import { median } from "../support/statistics.ts";

const { values: flags } = parseArgs({
  options: { requests: { type: "string", default: "5000" }, client: { type: "string" } },
});
const WARM_UP = 500;
const DECISIONS = 200_000;

type Authenticate = (
  this: CredentialAuthenticator,
  ...presented: Parameters<CredentialAuthenticator["authenticate"]>
) => Promise<Principal | undefined>;
type Headers = Readonly<Record<string, string>>;
interface Task {
  readonly url: string;
  readonly headers: Headers;
  readonly count: number;
}

if (flags.client === undefined) await main();
else process.once("message", (task: Task) => void readOverAndOver(task));

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-auth-"));
  const times: number[] = [];
  let principal: Principal | undefined;
  const prototype: { authenticate: Authenticate } = CredentialAuthenticator.prototype;
  const { authenticate } = prototype;
  prototype.authenticate = async function (credentials, origin) {
    const startedMs = performance.now();
    const found = await authenticate.call(this, credentials, origin);
    times.push(performance.now() - startedMs);
    principal = found ?? principal;
    return found;
  };
  const argv = ["--data-dir", directory, "--listen", "127.0.0.1", "--port", "0", "--mesh-port", "0"];
  const settings = ["--no-mdns", "--board", "simulated-pi-4", "--log-level", "error", "--log-format", "json"];
  const config = await loadConfig({ argv: [...argv, ...settings], env: {} });
  const log = await createLog(config, {});
  const peer = await createPeer(config, { log, version: "bench", env: {} }, (error) => {
    throw error;
  });
  await peer.start(new AbortController().signal);
  try {
    const ask = askAt(peer.url());
    const access = await claimMesh(ask, { code: await setupCodeIn(directory), meshName: "bench" });
    const { node } = (await ask("/api/v1/session")).body as { node: string };
    const credentials: Readonly<Record<string, Headers>> = {
      session: { cookie: await sessionCookie(ask, access) },
      "api token": bearer(access),
      jwt: { authorization: `Bearer ${await jwt(ask, bearer(access))}` },
    };
    const shares: number[] = [];
    for (const [name, headers] of Object.entries(credentials)) {
      times.length = 0;
      const task = { url: `${peer.url()}/api/v1/nodes/${node}`, headers, count: Number(flags.requests) };
      const requestMs = await clientMedian(task);
      const authenticateMs = median(times.slice(WARM_UP));
      const share = (authenticateMs + decisionMs(principal)) / requestMs;
      shares.push(share);
      console.log(
        `${name}: request p50 ${requestMs.toFixed(3)} ms, authentication p50 ${(authenticateMs * 1000).toFixed(1)} us, ` +
          `authorization ${(decisionMs(principal) * 1000).toFixed(2)} us, share ${share.toFixed(4)}`,
      );
    }
    console.log(`auth share=${Math.max(...shares).toFixed(4)}`);
  } finally {
    await peer.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(0);
}

async function sessionCookie(
  ask: AskApi,
  { password, userName }: { readonly password: string; readonly userName: string },
): Promise<string> {
  const answer = await ask("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ userName, password }),
  });
  return answer.headers["set-cookie"]?.split(";")[0] ?? "";
}

async function jwt(ask: AskApi, headers: Headers): Promise<string> {
  const answer = await ask("/api/v1/session/jwt", { method: "POST", headers });
  return (answer.body as { token: string }).token;
}

/** How long one decision takes, in ms. */
function decisionMs(principal: Principal | undefined): number {
  if (principal === undefined) throw new Error("Nobody was authenticated");
  const access = { verb: "get", resource: "nodes", name: "some-node" } as const;
  let refused = 0;
  const startedMs = performance.now();
  for (let count = 0; count < DECISIONS; count++) if (authorize(principal, access) !== undefined) refused++;
  if (refused > 0) throw new Error("An admin was refused");
  return (performance.now() - startedMs) / DECISIONS;
}

/** What the client in another process says of its requests. */
function clientMedian(task: Task): Promise<number> {
  const client = fork(fileURLToPath(import.meta.url), ["--client", "yes"], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return new Promise((resolve, reject) => {
    client.once("message", (ms: number) => resolve(ms));
    client.once("error", reject);
    client.once("exit", (code) => reject(new Error(`The client ended with ${code}`)));
    client.send(task);
  });
}

async function readOverAndOver({ count, headers, url }: Task): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let index = 0; index < count + WARM_UP; index++) {
    const startedMs = performance.now();
    const status = await read(url, headers, agent);
    if (status !== 200) {
      // The limit of what one user may ask in a second.
      if (status !== 429) throw new Error(`Answered with ${status}`);
      await new Promise((wake) => setTimeout(wake, 100));
      continue;
    }
    if (index >= WARM_UP) times.push(performance.now() - startedMs);
  }
  agent.destroy();
  process.send?.(median(times), () => process.exit(0));
}

function read(url: string, headers: Headers, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", reject);
    asked.end();
  });
}
