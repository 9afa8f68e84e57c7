import { createHash } from "node:crypto";
import { type AuditRecord, auditRecordSchema } from "@pi-controller/schema";
import type { AuditEntry } from "../use-cases.ts";

/** A record as it is chained: its text, byte for byte, and the hash over the hash before and this text. */
export interface ChainedText {
  readonly sequence: number;
  readonly text: string;
  /** SHA-256, hexadecimal. */
  readonly hash: string;
}

export type UnchainedRecord = Omit<AuditRecord, "hash">;

/** What the first record of a log is chained to. */
export const FIRST_HASH = "0".repeat(64);

/** Order of the fields in the text. It is part of the format: what is written must stay readable. */
const FIELDS = [
  "sequence",
  "at",
  "node",
  "actor",
  "userId",
  "via",
  "address",
  "action",
  "target",
  "outcome",
  "detail",
  "correlationId",
] as const satisfies readonly (keyof UnchainedRecord)[];

/** Where a field is in the text, for SQLite. */
export const fieldPath = (field: (typeof FIELDS)[number]) => `$[${FIELDS.indexOf(field)}]`;

const MAX_LENGTHS = {
  actor: 128,
  via: 32,
  address: 64,
  action: 128,
  target: 256,
  detail: 256,
  correlationId: 64,
} as const;

/** An entry whose fields are no longer than a record takes, on one line each. */
export function bounded(entry: AuditEntry): AuditEntry {
  const cut = (field: keyof typeof MAX_LENGTHS) => oneLine(entry[field]).slice(0, MAX_LENGTHS[field]);
  return {
    actor: cut("actor"),
    userId: entry.userId === null ? null : entry.userId.slice(0, MAX_LENGTHS.actor),
    via: cut("via"),
    address: cut("address"),
    action: cut("action"),
    target: cut("target"),
    outcome: entry.outcome,
    detail: cut("detail"),
    correlationId: cut("correlationId"),
  };
}

/** Chains a record to the one before. */
export function chained(record: UnchainedRecord, previousHash: string): ChainedText {
  const text = JSON.stringify(FIELDS.map((field) => record[field]));
  return { sequence: record.sequence, text, hash: hashOf(previousHash, text) };
}

export function hashOf(previousHash: string, text: string): string {
  return createHash("sha256").update(`${previousHash}\n${text}`).digest("hex");
}

/** @returns undefined when the text is no record: somebody has changed it */
export function parseRecord({ text, hash }: ChainedText): AuditRecord | undefined {
  const values = parseJson(text);
  if (!Array.isArray(values) || values.length !== FIELDS.length) return undefined;
  const fields = Object.fromEntries(FIELDS.map((field, index): [string, unknown] => [field, values[index]]));
  const result = auditRecordSchema.safeParse({ ...fields, hash });
  return result.success ? result.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Control characters and line ends could make one record look like two where it is shown. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ").toWellFormed();
}
