// What a mesh's documents cost after a long life: every node reserves and releases its pins again and again,
// restarting in between; one more peer hears of it all, as every peer of a mesh does. Flags: --nodes,
// --pins, --transactions (in all), --restarts (in all).
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { median } from "../support/statistics.ts";
import { newNetwork, type RunningPeer, startPeer } from "./document/peers.ts";
import { grant, reservations } from "./document/reservations.ts";
import { sizesIn } from "./document/sizes.ts";

const COLLECTOR = "node-collector";
const LOADS = 5;
const SYNC_TIMEOUT_MS = 60_000;

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "1000" },
    pins: { type: "string", default: "40" },
    transactions: { type: "string", default: "1000000" },
    restarts: { type: "string", default: "10000" },
  },
});
const nodes = Number(values.nodes);
const pins = Number(values.pins);
const sessions = Math.max(1, Math.round(Number(values.restarts) / nodes));
/** Transactions of each pin over all sessions, on average. */
const meanTurns = Math.max(5, Math.round(Number(values.transactions) / nodes / pins));
const random = seededRandom(1);
const base = await mkdtemp(join(tmpdir(), "bench-document-"));
const hub = newNetwork();
// The network's timers alone do not keep a process alive.
const keepAlive = setInterval(() => undefined, 1000);

console.log(
  `${nodes} nodes x ${pins} reservations, about ${nodes * pins * meanTurns} transactions, ` +
    `${nodes * sessions} restarts; Node ${process.version}, ${cpus()[0]?.model}, ${availableParallelism()} cores, ` +
    `load ${loadavg()[0]?.toFixed(1)}, LevelDB with synced writes in ${tmpdir()}, ${pins} writers at a time`,
);

let transactions = 0;
let transactionMs = 0;
let restartMs = 0;

/** One node's life: it restarts, and releases and reserves its pins; in the last session it has company. */
async function live(node: string, collector: RunningPeer): Promise<void> {
  const directory = join(base, node);
  // Not all the same, or all would end just as far from their last replacement.
  const turns = meanTurns + 2 * (randomInteger(random, 5) - 2);
  let sequence = 0;
  for (let session = 0; session < sessions; session++) {
    const restartedMs = performance.now();
    const peer = await startPeer(hub, node, directory);
    restartMs += performance.now() - restartedMs;
    if (session === sessions - 1) {
      await peer.connect(COLLECTOR);
      await until(() => peer.documents.status().synced, `${node} to exchange`);
    }
    const collection = peer.documents.own.collection(reservations);
    const usePin = async (pin: number) => {
      const firstTurn = Math.floor((turns * session) / sessions);
      const endTurn = Math.floor((turns * (session + 1)) / sessions);
      for (let turn = firstTurn; turn < endTurn; turn++) {
        const isReserved = collection.get(`gpio/${pin}`) !== undefined;
        // In the end all pins are reserved.
        if (isReserved && turn < turns - 1) await collection.delete(`gpio/${pin}`);
        else await collection.put(`gpio/${pin}`, grant(pin, sequence++, session, random));
      }
    };
    const startedMs = performance.now();
    transactions +=
      pins * (Math.floor((turns * (session + 1)) / sessions) - Math.floor((turns * session) / sessions));
    await Promise.all(Array.from({ length: pins }, (_, pin) => usePin(pin)));
    transactionMs += performance.now() - startedMs;
    if (session === sessions - 1) {
      const there = collector.documents.node(node).collection(reservations);
      await until(
        () =>
          there.all().length === pins &&
          there.all().every(({ id, sequence }) => collection.get(id)?.sequence === sequence),
        `the collector to have what ${node} has`,
      );
    }
    await peer.stop();
  }
  await rm(directory, { recursive: true });
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + SYNC_TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Load {
  readonly loadMs: number;
  readonly heapMb: number;
  readonly parseMs: number;
  readonly count: number;
  readonly documents: number;
}

function load(directory: string, ids: readonly string[]): Load {
  const program = join(import.meta.dirname, "document", "load.ts");
  const output = execFileSync(process.execPath, ["--expose-gc", program, directory, ...ids], {
    encoding: "utf8",
  });
  return JSON.parse(output) as Load;
}

try {
  const ids = Array.from({ length: nodes }, (_, index) => `node-${index.toString().padStart(5, "0")}`);
  const directory = join(base, COLLECTOR);
  const collector = await startPeer(hub, COLLECTOR, directory);
  for (const id of ids) await live(id, collector);
  await collector.stop();

  const sizes = await sizesIn(directory);
  const loads = Array.from({ length: LOADS }, () => load(directory, ids));
  const [first] = loads as [Load];
  if (first.count !== nodes * pins || first.documents !== nodes + 1) {
    throw new Error(`not everything is there: ${JSON.stringify(first)}`);
  }
  console.log(
    `${transactions} transactions done; encoded ${sizes.encodedBytes} bytes, fresh ${sizes.freshBytes}; of these the mesh document ` +
      `${sizes.meshBytes}, fresh ${sizes.meshFreshBytes}; a restart with one document ` +
      `${(restartMs / nodes / sessions).toFixed(1)} ms; parsing all records ${median(loads.map(({ parseMs }) => parseMs)).toFixed(0)} ms`,
  );
  console.log(
    `document size_ratio=${(sizes.encodedBytes / sizes.freshBytes).toFixed(3)} ` +
      `tx_us=${((transactionMs * 1000) / transactions).toFixed(1)} ` +
      `load_ms=${median(loads.map(({ loadMs }) => loadMs)).toFixed(0)} heap_mb=${median(loads.map(({ heapMb }) => heapMb)).toFixed(1)}`,
  );
} finally {
  clearInterval(keepAlive);
  await rm(base, { recursive: true, force: true });
}
