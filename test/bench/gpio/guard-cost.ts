import { linuxMachine } from "@pi-controller/hardware";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import { type Board, type Level, reservationRequestSchema } from "@pi-controller/schema";
import { median } from "../../support/statistics.ts";
import { benchOwner } from "./bench-owner.ts";

export interface GuardCost {
  readonly driver: string;
  /** Of one write, in us: medians of rounds that took turns. */
  readonly guardedUs: number;
  readonly unguardedUs: number;
}

const ROUNDS = 40;
const WRITES = 2_000;
const PINS = { guarded: 17, unguarded: 27 } as const;

/** Times writes through the owner, which checks holder, token, lease and stops, against the driver's own. */
export async function guardCost(driver: "gpiod" | "simulated"): Promise<GuardCost> {
  const machine = linuxMachine({ clock: systemClock(), logger: silentLogger });
  const board: Board = { ...(await machine.detect()), family: "pi-4" };
  const bench = await benchOwner(board, driver);
  const { owner, hardware, asking } = bench;
  if (hardware.problem !== null) throw new Error(hardware.problem);
  const { node: _, ...request } = reservationRequestSchema.parse({
    node: "bench-node-0001",
    resource: `GPIO${PINS.guarded}`,
    mode: { kind: "output" },
    ttlMs: 3_600_000,
  });
  const { record } = await owner.reserve(request, asking);
  const token = record.token ?? "";
  const output = { direction: "output", activeLow: false, drive: "push-pull", level: "low" } as const;
  await hardware.gpio.configure(new Map([[PINS.unguarded, output]]));
  const levels: readonly Level[] = ["high", "low"];
  const guarded = async (index: number) => {
    const value = { level: levels[index % 2] ?? "low" };
    const [result] = await owner.write([{ id: record.id, token, value }], asking);
    if (result === undefined || "error" in result) throw new Error("A write was refused");
  };
  const unguarded = (index: number) =>
    hardware.gpio.write([{ line: PINS.unguarded, level: levels[index % 2] ?? "low" }]);
  const times = { guarded: [] as number[], unguarded: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.guarded.push(await timeOf(guarded));
    times.unguarded.push(await timeOf(unguarded));
  }
  await hardware.gpio.release(PINS.unguarded, "input");
  await bench.stop();
  // The first rounds are of code that is not compiled yet.
  const warm = (all: readonly number[]) => median(all.slice(ROUNDS / 4));
  return { driver, guardedUs: warm(times.guarded), unguardedUs: warm(times.unguarded) };
}

async function timeOf(write: (index: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  for (let index = 0; index < WRITES; index++) await write(index);
  return ((performance.now() - startedMs) * 1_000) / WRITES;
}
