// How soon an event is with all of a hundred peers, beside gossipsub as it comes: `npm run bench -- gossip`.
//
// All peers of a mesh are in one process, connected over TCP on loopback in the overlay that the connector
// keeps, the same for both sides. The sides run in turns, each turn in a fresh process; after a warm-up,
// peers taken at random publish at a fixed rate. A hundred peers share one core here: what one event costs
// all of them together is part of every latency.
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { quantile } from "../support/statistics.ts";
import type { TurnOptions, TurnResult } from "./gossip/turn.ts";

const { values: flags } = parseArgs({
  options: {
    peers: { type: "string", default: "100" },
    /** For each side. */
    turns: { type: "string", default: "2" },
    /** For each turn. */
    events: { type: "string", default: "100" },
    interval: { type: "string", default: "500" },
    bytes: { type: "string", default: "400" },
    "warm-up": { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string" },
  },
});
const options: TurnOptions = {
  peers: Number(flags.peers),
  warmUpSeconds: Number(flags["warm-up"]),
  events: Number(flags.events),
  intervalMs: Number(flags.interval),
  payloadBytes: Number(flags.bytes),
  seed: Number(flags.seed),
};
const sides = (["ours", "stock"] as const).filter((side) => flags.only === undefined || flags.only === side);
const results = new Map<string, TurnResult[]>(sides.map((side) => [side, []]));

console.log(
  `${options.peers} peers, ${options.events} events of ${options.payloadBytes} bytes a turn, one every ${options.intervalMs} ms, ` +
    `after ${options.warmUpSeconds} s of the same; ${availableParallelism()} cores, seed ${options.seed}`,
);
for (let turn = 1; turn <= Number(flags.turns); turn++) {
  for (const side of sides) {
    const result = await runTurn(side);
    results.get(side)?.push(result);
    console.log(`turn ${turn}, ${side}: ${describe([result])}`);
  }
}
const ours = results.get("ours") ?? [];
const stock = results.get("stock") ?? [];
if (ours.length > 0 && stock.length > 0) {
  console.log(`ours in all: ${describe(ours)}`);
  console.log(`stock in all: ${describe(stock)}`);
}
const everywhereMs = (turns: readonly TurnResult[]) => turns.flatMap((result) => result.everywhereMs);
const lost = ours.reduce((sum, result) => sum + result.lost, 0);
// Of events, each when the last peer has it: stricter than the same of deliveries.
console.log(
  `gossip p99_ms=${ms(quantile(everywhereMs(ours), 0.99))} max_ms=${ms(quantile(everywhereMs(ours), 1))} ` +
    `stock_p99_ms=${ms(quantile(everywhereMs(stock), 0.99))} lost=${lost}`,
);

function runTurn(side: string): Promise<TurnResult> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, "gossip", "turn.ts");
    const child = fork(program, [side, JSON.stringify(options)]);
    child.once("message", (result) => resolve(result as TurnResult));
    child.once("exit", (code) => reject(new Error(`the turn of ${side} ended with ${code}`)));
  });
}

function describe(turns: readonly TurnResult[]): string {
  const latencies = turns.flatMap((result) => result.latenciesMs);
  const everywhere = turns.flatMap((result) => result.everywhereMs);
  const average = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    `delivery p50 ${ms(quantile(latencies, 0.5))} ms`,
    `p99 ${ms(quantile(latencies, 0.99))} ms`,
    `max ${ms(quantile(latencies, 1))} ms`,
    `everywhere p99 ${ms(quantile(everywhere, 0.99))} ms`,
    `lost ${turns.reduce((sum, result) => sum + result.lost, 0)}`,
    `start ${(average(turns.map((result) => result.startMs)) / 1_000).toFixed(1)} s`,
    `CPU ${(100 * average(turns.map((result) => result.cpuShare))).toFixed(0)} % of a core`,
  ].join(", ");
}

function ms(value: number): string {
  return value.toFixed(0);
}
