import { canonicalJson } from "@pi-controller/document";
import { RateLimiter } from "@pi-controller/runtime";
import { type GpioValue, MeshError } from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import { valueFits } from "../ledger/value-fits.ts";
import { guarded } from "./guard.ts";
import { asHardwareError } from "./hardware-calls.ts";
import { pwmSetting } from "./line-config.ts";
import type { MachineTime } from "./machine-time.ts";
import type { PinWrite, WriteResult } from "./pin-owner.ts";
import type { Pins, PinValue } from "./pins.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";
import type { Stops } from "./stops.ts";

/** Each kept value is a write to the disk, and memory cards wear out. */
const KEPT_WRITES = { burst: 20, perSecond: 2, maxSenders: 1_024 };

export interface WritesComponents {
  readonly registry: Registry;
  readonly stops: Stops;
  readonly pins: Pins;
  readonly records: Records;
  readonly machineTime: MachineTime;
  readonly trustedNow: () => number;
}

/** Writes to pins. From the check of the token to the call of the driver nothing is awaited. */
export class Writes {
  readonly #components: WritesComponents;
  readonly #keptWrites = new RateLimiter(KEPT_WRITES);

  constructor(components: WritesComponents) {
    this.#components = components;
  }

  /**
   * As `PinOwner.write`.
   *
   * @param writtenMs wall clock of values that were written before: none older is driven after them
   */
  async write(
    writes: readonly PinWrite[],
    { requester }: OwnerAsking,
    writtenMs = this.#components.trustedNow(),
  ): Promise<readonly WriteResult[]> {
    const { registry, machineTime, pins } = this.#components;
    const nowMs = machineTime.uptimeMs();
    const values: PinValue[] = [];
    const admitted = writes.map(({ id, token, value }) => {
      const found = guarded(registry, id, token, requester, nowMs);
      if (found instanceof MeshError) return found;
      const refusal = this.#refusal(found, value, nowMs);
      // Whoever an emergency stop keeps from driving is there nevertheless: his watchdog does not take the pin from him.
      if (refusal === undefined || refusal.code === "FAILED_PRECONDITION") found.lastWriteMs = nowMs;
      if (refusal !== undefined) return refusal;
      found.valueOfMs = Math.max(found.valueOfMs, writtenMs);
      return values.push({ reservation: found, value }) - 1;
    });
    const errors = await pins.write(values);
    const kept: Promise<void>[] = [];
    const results = writes.map(({ id }, place): WriteResult => {
      const index = admitted[place] ?? 0;
      const error = index instanceof MeshError ? index : errors[index];
      const driven = index instanceof MeshError ? undefined : values[index];
      if (error !== undefined || driven === undefined) return refused(id, error);
      const { pin, record } = driven.reservation;
      if (record.keep) {
        const failed = (problem: unknown) => {
          results[place] = refused(id, asHardwareError(problem));
        };
        kept.push(this.#keep(driven).catch(failed));
      }
      return { id, observed: pin.observed() };
    });
    if (kept.length > 0) await Promise.all(kept);
    return results;
  }

  #refusal(reservation: Reservation, value: GpioValue, nowMs: number): MeshError | undefined {
    const { record, id } = reservation;
    const refusal = valueFits(record.mode, value) ?? this.#components.stops.refusal();
    if (refusal !== undefined || !record.keep || isSame(keptValue(reservation, value), record.desired)) {
      return refusal;
    }
    const retryAfterMs = this.#keptWrites.take(id, nowMs);
    if (retryAfterMs === 0) return undefined;
    return new MeshError(
      "RESOURCE_EXHAUSTED",
      "Values that are kept wear out the memory card: reserve with keep: false for fast changes",
      { retryAfterMs },
    );
  }

  /** A value that is kept is acknowledged when it is on the disk. */
  async #keep({ reservation, value: asked }: PinValue): Promise<void> {
    const { records, stops } = this.#components;
    if (stops.current !== undefined) return;
    const value = keptValue(reservation, asked);
    reservation.kept = value;
    // Another value that is on its way to the disk would stand there after a crash, though this one was driven later.
    if (reservation.keeping === 0 && isSame(value, reservation.record.desired)) return;
    reservation.keeping++;
    try {
      // What was driven last counts, whichever of several writes gets to the disk first.
      await records.change([reservation], (record) => ({
        ...record,
        desired: reservation.kept,
        desiredAt: new Date(reservation.valueOfMs).toISOString(),
      }));
    } finally {
      reservation.keeping--;
    }
  }
}

/** What has to be known to drive the same again after a restart. */
function keptValue({ record: { mode }, pin }: Reservation, value: GpioValue): GpioValue {
  if (mode.kind !== "pwm") return value;
  const { dutyCycle, frequencyHz } = pwmSetting(mode, pin.asked ?? mode, value);
  return { dutyCycle, frequencyHz };
}

function isSame(one: GpioValue, other: GpioValue | null): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

function refused(id: string, error: MeshError | undefined): WriteResult {
  return { id, error: { code: error?.code ?? "INTERNAL", detail: error?.message ?? "It was not driven" } };
}
