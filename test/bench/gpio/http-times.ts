// How long requests to an API take over one connection, measured in a process of its own: nothing of the peer's.
import { fork } from "node:child_process";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { quantile } from "../../support/statistics.ts";

/** Requests that are made one after the other, in turns. */
export interface HttpTask {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bodies, taken in turns. */
  readonly bodies: readonly string[];
  readonly count: number;
  /** Between two requests: a peer limits what one user may ask in a second. */
  readonly pauseMs: number;
}

export interface HttpTimes {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

const WARM_UP = 200;

/** @returns times in ms, once warmed up. @throws Error when an answer is no success */
export function httpTimes(task: HttpTask): Promise<HttpTimes> {
  const child = fork(fileURLToPath(import.meta.url), ["--client"], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", (times: HttpTimes) => resolve(times));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The client ended with ${code}`)));
    child.send(task);
  });
}

if (process.argv.includes("--client")) {
  process.once("message", (task: HttpTask) => {
    void measure(task).then((times) => process.send?.(times, () => process.exit(0)));
  });
}

async function measure(task: HttpTask): Promise<HttpTimes> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let index = 0; index < task.count + WARM_UP; index++) {
    const body = task.bodies[index % task.bodies.length] ?? "";
    const startedMs = performance.now();
    const status = await send(task, body, agent);
    if (status >= 300) throw new Error(`Answered with ${status}`);
    if (index >= WARM_UP) times.push(performance.now() - startedMs);
    await new Promise((wake) => setTimeout(wake, task.pauseMs));
  }
  agent.destroy();
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), count: times.length };
}

function send({ url, method, headers }: HttpTask, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, agent, headers: { ...headers, "content-length": Buffer.byteLength(body).toString() } },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}
