import { linuxMachine } from "@pi-controller/hardware";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import { type Board, type Level, MeshError, reservationRequestSchema } from "@pi-controller/schema";
import { valueFits } from "../../../packages/gpio/src/ledger/value-fits.ts";
import { guarded } from "../../../packages/gpio/src/owner/guard.ts";
import { Registry } from "../../../packages/gpio/src/owner/registry.ts";
import { Reservation } from "../../../packages/gpio/src/owner/reservation.ts";
import { machineTime } from "../../../peer/src/machine-time.ts";
import { median } from "../../support/statistics.ts";
import { benchOwner } from "./bench-owner.ts";
import type { Times } from "./shared-time.ts";

/** Of one write, in us: medians of rounds that took turns. */
export interface GuardCost {
  readonly driver: string;
  /** The driver's call alone. */
  readonly unguardedUs: number;
  /** The guard, then the driver's call. */
  readonly guardedUs: number;
  /** All that the owner does for a write, from the request to its answer, the change in the feed included. */
  readonly ownerUs: number;
}

const ROUNDS = 72;
const WARM_UP = 12;
const WRITES = 1_000;
const PINS = { held: 17, unguarded: 27 } as const;
const LEVELS: readonly Level[] = ["high", "low"];

/** Times writes with and without the checks of holder, right, token, term and value that stand before each. */
export async function guardCost(driver: "gpiod" | "simulated", times?: Times): Promise<GuardCost> {
  const machine = linuxMachine({ clock: systemClock(), logger: silentLogger });
  const board: Board = { ...(await machine.detect()), family: "pi-4" };
  const bench = await benchOwner(board, driver, { times });
  const { owner, hardware, asking } = bench;
  if (hardware.problem !== null) throw new Error(hardware.problem);
  const { node: _, ...request } = reservationRequestSchema.parse({
    node: "bench-node-0001",
    resource: `GPIO${PINS.held}`,
    mode: { kind: "output" },
    ttlMs: 3_600_000,
  });
  const { record } = await owner.reserve(request, asking);
  const token = record.token ?? "";
  const output = { direction: "output", activeLow: false, drive: "push-pull", level: "low" } as const;
  await hardware.gpio.configure(new Map([[PINS.unguarded, output]]));

  const valueAt = (index: number) => ({ level: LEVELS[index % 2] ?? "low" });
  const unguarded = (index: number) => hardware.gpio.write([{ line: PINS.unguarded, ...valueAt(index) }]);
  // The same line of the same driver, with what stands before each call of it in the owner; but for the look whether
  // an emergency stop stands, which is one field.
  const time = times?.machineTime ?? machineTime();
  const registry = new Registry();
  const reservation = new Reservation(record, [], "held");
  reservation.endsAtMs = time.uptimeMs() + 3_600_000;
  registry.add(reservation);
  const withGuard = (index: number) => {
    const found = guarded(registry, record.id, token, asking.requester, time.uptimeMs());
    if (found instanceof MeshError) throw found;
    const misfit = valueFits(found.record.mode, valueAt(index));
    if (misfit !== undefined) throw misfit;
    return unguarded(index);
  };
  const throughOwner = async (index: number) => {
    const [result] = await owner.write([{ id: record.id, token, value: valueAt(index) }], asking);
    if (result === undefined || "error" in result) throw new Error("A write was refused");
  };

  const ways = { unguarded, guarded: withGuard, owner: throughOwner };
  const names = ["unguarded", "guarded", "owner"] as const;
  const rounds = { unguarded: [] as number[], guarded: [] as number[], owner: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // Each goes first, second and third as often: what one leaves to be collected slows down the next.
    for (let place = 0; place < names.length; place++) {
      const name = names[(round + place * (1 + (round % 2))) % names.length] ?? "owner";
      rounds[name].push(await timeOf(ways[name]));
    }
  }
  await hardware.gpio.release(PINS.unguarded, "input");
  await bench.stop();
  // The first rounds are of code that is not compiled yet.
  const warm = (all: readonly number[]) => median(all.slice(WARM_UP));
  return {
    driver,
    unguardedUs: warm(rounds.unguarded),
    guardedUs: warm(rounds.guarded),
    ownerUs: warm(rounds.owner),
  };
}

/** What reading the machine's clock once takes here, in us. */
export function clockReadUs(): number {
  const time = machineTime();
  const reads = 200_000;
  for (let index = 0; index < reads; index++) time.uptimeMs();
  const startedMs = performance.now();
  for (let index = 0; index < reads; index++) time.uptimeMs();
  return ((performance.now() - startedMs) * 1_000) / reads;
}

async function timeOf(write: (index: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  for (let index = 0; index < WRITES; index++) await write(index);
  return ((performance.now() - startedMs) * 1_000) / WRITES;
}
