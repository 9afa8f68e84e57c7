import { type ErrorCode, MeshError } from "@pi-controller/schema";
import * as z from "zod";
import type { DatabaseFile } from "./database-file.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html), in the low 8 bits of the extended ones. */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

const sqliteErrorSchema = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int() });

/** True when SQLite says that the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** True when the disk, or the size that the database may have, is used up. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/**
 * What went wrong, in words for the person who runs the peer.
 *
 * @param error of SQLite or of the file system; a MeshError is returned as it is
 * @returns FAILED_PRECONDITION (another process has the file), RESOURCE_EXHAUSTED (full), DATA_LOSS (damaged), or
 *   UNAVAILABLE (anything else, such as a file that may not be written)
 */
export function describeFailure(error: unknown, file: DatabaseFile): MeshError {
  if (error instanceof MeshError) return error;
  const [code, message] = description(error, file);
  return new MeshError(code, message, {}, { cause: error });
}

/** Runs `work`. @throws MeshError as `describeFailure` */
export function describingFailures<T>(file: DatabaseFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw describeFailure(error, file);
  }
}

function description(error: unknown, { path, name, remedy }: DatabaseFile): [ErrorCode, string] {
  const reason = error instanceof Error ? error.message : String(error);
  const called = `${name} ${path}`;
  switch (resultCode(error)) {
    case BUSY:
    case LOCKED: {
      const question = "is a second peer running on this data directory?";
      return ["FAILED_PRECONDITION", `The ${called} is in use by another process: ${question}`];
    }
    case FULL:
      return ["RESOURCE_EXHAUSTED", `The disk that holds the ${called} is full`];
    case CORRUPT:
    case NOT_A_DATABASE:
      return [
        "DATA_LOSS",
        `The ${called} is damaged (${reason})${remedy === undefined ? "" : `. ${remedy}`}`,
      ];
    case undefined:
    default:
      return ["UNAVAILABLE", `The ${called} cannot be used: ${reason}`];
  }
}

/** @returns undefined for what is no error of SQLite */
function resultCode(error: unknown): number | undefined {
  const parsed = sqliteErrorSchema.safeParse(error);
  return parsed.success ? parsed.data.errcode & 0xff : undefined;
}
