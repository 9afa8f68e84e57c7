import { pick, type Random, randomInteger, seededRandom, shuffle } from "@pi-controller/runtime";
import type { Fault, FaultKind, Plan } from "./fault.ts";

export interface PlanOptions {
  readonly peers: number;
  readonly strangers: number;
  readonly durationMs: number;
  /** Faults that begin a minute and peer. */
  readonly faultsPerPeerMinute: number;
  /** Which kinds there are, and how often each next to the others; all of them when left out. */
  readonly weights: Partial<Record<FaultKind, number>>;
}

/** How often each kind comes next to the others. */
export const usualWeights: Readonly<Record<FaultKind, number>> = {
  kill: 6,
  stop: 3,
  "power-off": 4,
  pause: 5,
  partition: 2,
  "cut-links": 3,
  "bad-link": 3,
  "disk-full": 1,
  "disk-broken": 1,
  "disk-stall": 2,
  "disk-slow": 2,
  "lying-disk": 1,
  "bit-flip": 0.5,
  "old-disk": 0.5,
  "clock-jump": 2,
  drift: 2,
  "no-clock": 1,
  "brown-out": 0.5,
  overheat: 0.5,
};

export const usualPlan: Omit<PlanOptions, "peers"> = {
  strangers: 2,
  durationMs: 180_000,
  faultsPerPeerMinute: 0.3,
  weights: usualWeights,
};

/** At most so many faults begin a minute in the whole mesh: in a large one nothing would ever be quiet. */
const MOST_FAULTS_PER_MINUTE = 10;
/** Nothing goes wrong before everybody has started. */
const QUIET_MS = 15_000;
const DAY_MS = 24 * 3_600_000;
const SMALL_MESH = 30;
const FOUNDED_EVERY = 20;

/** Draws from a seed what goes wrong in a run. */
export function planOf(seed: number, options: PlanOptions): Plan {
  const random = seededRandom(seed);
  const { peers, strangers, durationMs, faultsPerPeerMinute } = options;
  const perMinute =
    peers > SMALL_MESH
      ? Math.min(faultsPerPeerMinute * peers, MOST_FAULTS_PER_MINUTE)
      : faultsPerPeerMinute * peers;
  const count = Math.ceil((perMinute * durationMs) / 60_000);
  const faults = Array.from({ length: count }, () => faultOf(random, options));
  faults.sort((one, other) => one.atMs - other.atMs);
  return { seed, peers, strangers, beginning: beginningOf(seed, peers), durationMs, faults };
}

/** To begin from nothing costs as the square of a mesh's size: large ones do so now and then. */
function beginningOf(seed: number, peers: number): Plan["beginning"] {
  return peers <= SMALL_MESH || seed % FOUNDED_EVERY === 0 ? "founded" : "grown";
}

function faultOf(random: Random, { peers, durationMs, weights }: PlanOptions): Fault {
  const atMs = Math.round(QUIET_MS + random.next() * Math.max(0, durationMs - QUIET_MS));
  const lasting = (maximumMs: number) => ({ atMs, durationMs: Math.round(maximumMs * random.next() ** 2) });
  const machine = randomInteger(random, peers);
  const kind = kindOf(random, weights);
  switch (kind) {
    case "kill":
    case "stop":
    case "power-off":
      return { kind, machine, ...lasting(60_000) };
    case "pause":
      return { kind, machine, ...lasting(15_000) };
    case "partition": {
      const order = shuffle(random, [...Array(peers).keys()]);
      return { kind, machines: order.slice(0, 1 + randomInteger(random, peers - 1)), ...lasting(120_000) };
    }
    case "cut-links": {
      const links = Array.from({ length: 1 + randomInteger(random, peers) }, () => ({
        from: randomInteger(random, peers),
        to: randomInteger(random, peers),
        bothWays: random.next() < 0.5,
      }));
      return { kind, links: links.filter(({ from, to }) => from !== to), ...lasting(120_000) };
    }
    case "bad-link":
      return {
        kind,
        machine,
        lossFraction: 0.3 * random.next(),
        latencyMs: Math.round(300 * random.next() ** 2),
        ...lasting(60_000),
      };
    case "disk-full":
    case "disk-broken":
    case "disk-stall":
      return { kind, machine, ...lasting(20_000) };
    case "disk-slow":
      return { kind, machine, writeMs: Math.round(500 * random.next() ** 2), ...lasting(60_000) };
    case "lying-disk":
      return { kind, machine, writes: 1 + randomInteger(random, 20), ...lasting(60_000) };
    case "bit-flip":
    case "old-disk":
      return { kind, machine, ...lasting(30_000) };
    case "clock-jump":
      return {
        kind,
        machine,
        byMs: Math.round((random.next() - 0.5) * 2 * 400 * DAY_MS),
        ...lasting(60_000),
      };
    case "drift":
      return { kind, machine, rate: 1 + (random.next() - 0.5) * 0.002, ...lasting(120_000) };
    case "no-clock":
    case "brown-out":
    case "overheat":
      return { kind, machine, ...lasting(60_000) };
  }
}

function kindOf(random: Random, weights: PlanOptions["weights"]): FaultKind {
  const entries = Object.entries(weights) as [FaultKind, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) {
    left -= weight;
    if (left < 0) return kind;
  }
  return pick(random, entries)?.[0] ?? "kill";
}
