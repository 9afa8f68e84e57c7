// One turn of one mesh, in a process of its own: node turn.ts ours|stock FLAGS-AS-JSON. Sends its TurnResult
// to the process that started it.
import { setTimeout as wait } from "node:timers/promises";
import { randomInteger, seededRandom } from "@pi-controller/runtime";
import type { GossipMesh } from "./gossip-mesh.ts";
import { OurMesh } from "./our-mesh.ts";
import { StockMesh } from "./stock-mesh.ts";

export interface TurnOptions {
  readonly peers: number;
  readonly warmUpSeconds: number;
  readonly events: number;
  readonly intervalMs: number;
  readonly payloadBytes: number;
  readonly seed: number;
}

export interface TurnResult {
  /** From publishing to each delivery, in ms. */
  readonly latenciesMs: number[];
  /** For each event, until it was everywhere, in ms; without those that were lost somewhere. */
  readonly everywhereMs: number[];
  readonly lost: number;
  readonly startMs: number;
  /** Share of one core that the whole mesh took while it was measured. */
  readonly cpuShare: number;
}

interface Event {
  readonly publishedMs: number;
  readonly deliveredMs: number[];
}

/** How long a delivery may take before it counts as lost. */
const PATIENCE_MS = 5_000;

async function runTurn(mesh: GossipMesh, options: TurnOptions): Promise<TurnResult> {
  const random = seededRandom(options.seed);
  const events = new Map<number, Event>();
  const startedMs = performance.now();
  await mesh.start(options.peers);
  mesh.onDelivery((_peer, payload) => {
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    const event = events.get(number);
    event?.deliveredMs.push(performance.now() - event.publishedMs);
  });
  const startMs = performance.now() - startedMs;

  const publish = async (number: number) => {
    const payload = new Uint8Array(options.payloadBytes);
    new DataView(payload.buffer).setUint32(0, number);
    events.set(number, { publishedMs: performance.now(), deliveredMs: [] });
    await mesh.publish(randomInteger(random, options.peers), payload);
  };
  /** At a fixed rate, whatever the mesh makes of it. */
  const publishMany = async (first: number, count: number) => {
    const beganMs = performance.now();
    for (let index = 0; index < count; index++) {
      await wait(Math.max(0, beganMs + index * options.intervalMs - performance.now()));
      await publish(first + index);
    }
  };

  const warmUpEvents = Math.ceil((options.warmUpSeconds * 1_000) / options.intervalMs);
  await publishMany(0, warmUpEvents);
  await wait(PATIENCE_MS);
  events.clear();
  const cpu = process.cpuUsage();
  const measuredMs = performance.now();
  await publishMany(warmUpEvents, options.events);
  const used = process.cpuUsage(cpu);
  const cpuShare = (used.user + used.system) / 1_000 / (performance.now() - measuredMs);
  await wait(PATIENCE_MS);
  return { ...summary([...events.values()], options.peers), startMs, cpuShare };
}

function summary(events: readonly Event[], peers: number): Omit<TurnResult, "startMs" | "cpuShare"> {
  const expected = peers - 1;
  const complete = events.filter(({ deliveredMs }) => deliveredMs.length === expected);
  const delivered = events.reduce((sum, { deliveredMs }) => sum + deliveredMs.length, 0);
  return {
    latenciesMs: events.flatMap(({ deliveredMs }) => deliveredMs),
    everywhereMs: complete.map(({ deliveredMs }) => Math.max(...deliveredMs)),
    lost: events.length * expected - delivered,
  };
}

const [side, flags] = process.argv.slice(2);
const mesh = side === "ours" ? new OurMesh() : new StockMesh();
const result = await runTurn(mesh, JSON.parse(flags ?? "") as TurnOptions);
process.send?.(result, () => process.exit(0));
