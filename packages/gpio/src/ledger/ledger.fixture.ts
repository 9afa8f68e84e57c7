import { type GpioMode, gpioModeSchema, type ReservationRecord } from "@pi-controller/schema";
import type { z } from "zod";
import { reservationIdOf } from "../reservation-id.ts";
import type { Claim, Entry, Ledger, Limits } from "./ledger.ts";
import { noUsage } from "./usage.ts";

export const noLimits: Limits = {
  quotaOf: () => undefined,
  usedElsewhere: () => noUsage,
  boardMilliwatts: null,
};

/** A mode with the defaults of its schema. */
export function modeOf(mode: z.input<typeof gpioModeSchema>): GpioMode {
  return gpioModeSchema.parse(mode);
}

/** The Nth id of a node: they rise with N. */
export function idOf(number: number): string {
  return reservationIdOf("node-of-tests", `01ARZ3NDEK${String(number).padStart(16, "0")}`);
}

/** An output that stands until it is released, with what is given instead. */
export function recordOf(number: number, changes: Partial<ReservationRecord> = {}): ReservationRecord {
  const granted = changes.state === "granted";
  return {
    id: idOf(number),
    resource: "GPIO18",
    namespace: "default",
    purpose: "",
    mode: modeOf({ kind: "output" }),
    ttlMs: null,
    onExpire: "input",
    watchdogMs: null,
    priority: 0,
    preemptible: false,
    powerMilliwatts: 0,
    keep: false,
    holder: { userName: "alice", userId: "u-1" },
    state: "waiting",
    token: granted ? `1.${number}` : null,
    requestedAt: "2026-11-21T12:00:00.000Z",
    grantedAt: granted ? "2026-11-21T12:00:00.000Z" : null,
    waitsUntil: null,
    expiresAt: null,
    desired: null,
    requestKey: null,
    ...changes,
  };
}

/** Claims as text: `gpio:2/i2c-1` is shared by the devices of i2c-1. */
export function claimsOf(...texts: readonly string[]): readonly Claim[] {
  return texts.map((text) => {
    const [key = "", share = null] = text.split("/");
    return { key, share };
  });
}

/** An entry that claims its pin, if nothing else is said. */
export function entryOf(
  number: number,
  changes: Partial<ReservationRecord> = {},
  rest: Partial<Omit<Entry, "record">> = {},
): Entry {
  const record = recordOf(number, changes);
  const claims = claimsOf(record.resource.replace("GPIO", "gpio:"));
  return { record, claims, endsAtMs: null, lastWriteMs: 0, ...rest };
}

export function ledgerOf(...entries: readonly Entry[]): Ledger {
  return { entries: new Map(entries.map((entry) => [entry.record.id, entry])) };
}
