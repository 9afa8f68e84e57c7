import { pick, type Random, randomInteger } from "@pi-controller/runtime";

/** What is done to a machine; the rest is of the machine's surroundings. */
export type FaultKind =
  | "kill"
  | "stop"
  | "tear"
  | "full-disk"
  | "stalled-disk"
  | "clock"
  | "cut"
  | "cut-one-way"
  | "cut-pair";

/** One fault; each stands by itself. */
export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly durationMs: number;
  /** Index of the machine. */
  readonly machine: number;
  /** Index of the machine at the other end, of cuts between two. */
  readonly other: number;
  /** Of a clock: how far it jumps, in seconds. */
  readonly offsetSeconds: number;
  /** Of a log: how many bytes at its end are not as they were written. */
  readonly bytes: number;
}

interface Limits {
  readonly machines: number;
  readonly durationMs: number;
  readonly nowMs: number;
}

const SECOND = 1_000;
const DAY_SECONDS = 86_400;
/** How long each kind lasts, from and to, in ms. */
const LASTS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [0.3 * SECOND, 4 * SECOND],
  stop: [1 * SECOND, 8 * SECOND],
  tear: [0.3 * SECOND, 3 * SECOND],
  "full-disk": [3 * SECOND, 9 * SECOND],
  "stalled-disk": [0.5 * SECOND, 6 * SECOND],
  clock: [3 * SECOND, 10 * SECOND],
  cut: [2 * SECOND, 10 * SECOND],
  "cut-one-way": [3 * SECOND, 10 * SECOND],
  "cut-pair": [3 * SECOND, 10 * SECOND],
};
const KINDS = Object.keys(LASTS) as FaultKind[];
/** With these the machine does nothing for the others. */
const SILENCING: readonly FaultKind[] = ["kill", "stop", "tear", "stalled-disk", "cut"];
/** Of five: the others go on being a mesh. */
const MOST_SILENT = 2;
const PAUSE_MS: readonly [number, number] = [300, 2_200];

/** Draws faults from a seed: every kind comes in each round, on machines that nothing else is done to meanwhile. */
export function drawPlan(random: Random, { machines, durationMs, nowMs }: Limits): Fault[] {
  const plan: Fault[] = [];
  let bag: FaultKind[] = [];
  for (let atMs = 0; ; atMs += between(random, PAUSE_MS)) {
    if (bag.length === 0) bag = [...KINDS];
    const kind = pick(random, bag) ?? "kill";
    const lastsMs = between(random, LASTS[kind]);
    const machine = randomInteger(random, machines);
    const shift = 1 + randomInteger(random, machines - 1);
    const offsetSeconds = jump(random, nowMs);
    const bytes = 1 + randomInteger(random, 400);
    if (atMs + lastsMs > durationMs) return plan;
    const active = plan.filter((fault) => fault.atMs + fault.durationMs > atMs);
    if (active.some((fault) => fault.machine === machine)) continue;
    const silent = active.filter((fault) => SILENCING.includes(fault.kind)).length;
    if (SILENCING.includes(kind) && silent >= MOST_SILENT) continue;
    bag.splice(bag.indexOf(kind), 1);
    const other = (machine + shift) % machines;
    plan.push({ kind, atMs, durationMs: lastsMs, machine, other, offsetSeconds, bytes });
  }
}

/** By how much a clock goes wrong: a little or a lot, or to when a machine begins that has none of its own. */
function jump(random: Random, nowMs: number): number {
  const to1970 = 100 - Math.floor(nowMs / SECOND);
  return pick(random, [90, -90, 2 * 3_600, -2 * 3_600, 20 * DAY_SECONDS, -DAY_SECONDS, to1970]) ?? 0;
}

function between(random: Random, [least, most]: readonly [number, number]): number {
  return least + randomInteger(random, most - least);
}

/** For people: `12.3 s: cut pi-b for 4.0 s`. */
export function describeFault(fault: Fault, nameOf: (machine: number) => string): string {
  const { kind, machine, other, offsetSeconds, bytes } = fault;
  const more: Partial<Record<FaultKind, string>> = {
    clock: ` by ${offsetSeconds} s`,
    tear: ` (${bytes} bytes)`,
    "cut-one-way": ` to ${nameOf(other)}`,
    "cut-pair": ` and ${nameOf(other)}`,
  };
  const seconds = (ms: number) => `${(ms / SECOND).toFixed(1)} s`;
  return `${seconds(fault.atMs)}: ${kind} ${nameOf(machine)}${more[kind] ?? ""} for ${seconds(fault.durationMs)}`;
}
