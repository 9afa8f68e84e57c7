import { gpioChangeSchema, namespaceSchema, reservationIdSchema } from "@pi-controller/schema";
import * as z from "zod";
import { evidenceSchema } from "./owner-calls.ts";

/** Request method by which one node waits for changes at the pins of another one. */
export const CHANGES_METHOD = "gpio.changes";
/** The evidence and up to `MAX_FOLLOWED` ids. */
export const MAX_POLL_BYTES = 24 * 1024;
export const MAX_FOLLOWED = 100;
const MAX_CHANGES = 512;
/** Some 300 bytes each. */
export const MAX_BATCH_BYTES = 512 * 1024;
export const MAX_WAIT_MS = 10_000;

const cursor = z.string().min(1).max(128);

/** What somebody wants to hear of; what is left out narrows nothing. */
const changeFilterSchema = z.strictObject({
  namespace: namespaceSchema.nullable(),
  ids: z.array(reservationIdSchema).max(MAX_FOLLOWED).nullable(),
});
export type ChangeFilter = z.infer<typeof changeFilterSchema>;

export const pollSchema = z.strictObject({
  evidence: evidenceSchema,
  filter: changeFilterSchema,
  /** Null: from now on. */
  cursor: cursor.nullable(),
  limit: z.int().min(1).max(MAX_CHANGES),
  /** How long to wait for the first change. */
  waitMs: z.number().min(0).max(MAX_WAIT_MS),
  /** How long to gather before it is looked at all: one answer for many changes. */
  gatherMs: z.number().min(0).max(1_000),
});
export type ChangePoll = Omit<z.infer<typeof pollSchema>, "evidence" | "filter">;

/** Type and node are left out: they are the same in all of them, and what another node says is of its own pins alone. */
export const batchSchema = z.object({
  cursor,
  changes: z.array(gpioChangeSchema.omit({ type: true, node: true })).max(MAX_CHANGES),
  coalesced: z.int().nonnegative(),
});
