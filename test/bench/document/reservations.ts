import { type CollectionDefinition, defineCollection } from "@pi-controller/document";
import { type Random, randomInteger } from "@pi-controller/runtime";
import * as z from "zod";

/** Who holds a pin, under which fencing token and on what terms: what a node's own document will record. */
export const reservationSchema = z.object({
  id: z.string(),
  holder: z.string(),
  purpose: z.enum(["input", "output", "pwm"]),
  grantedAtMs: z.int(),
  leaseMs: z.int(),
  onEnd: z.enum(["low", "high", "input", "hold"]),
  bootEpoch: z.int(),
  sequence: z.int(),
});
export type Reservation = z.infer<typeof reservationSchema>;

export const reservations: CollectionDefinition<Reservation> = defineCollection({
  name: "reservations",
  schema: reservationSchema,
});

const PURPOSES = ["input", "output", "pwm"] as const;
const ENDS = ["low", "high", "input", "hold"] as const;

/** A grant of a pin; `sequence` grows with every one. */
export function grant(pin: number, sequence: number, bootEpoch: number, random: Random): Reservation {
  return {
    id: `gpio/${pin}`,
    holder: `job/01J${randomInteger(random, 2 ** 48)
      .toString(36)
      .toUpperCase()
      .padStart(23, "0")}`,
    purpose: PURPOSES[pin % PURPOSES.length] ?? "output",
    grantedAtMs: Date.UTC(2026, 10, 1) + sequence * 1000,
    leaseMs: 60_000,
    onEnd: ENDS[pin % ENDS.length] ?? "low",
    bootEpoch,
    sequence,
  };
}
