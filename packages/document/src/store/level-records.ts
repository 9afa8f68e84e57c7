import { crc32 } from "node:zlib";
import { MeshError } from "@pi-controller/schema";

/** `append` adds to the log; what came before a `replace` or a `drop` no longer counts. */
export type EntryKind = "append" | "replace" | "drop";
const KINDS: readonly EntryKind[] = ["append", "replace", "drop"];

/** Checksum, then one byte for the kind. */
const CHECKSUM_BYTES = 4;
const HEADER_BYTES = CHECKSUM_BYTES + 1;
/** Digits of an entry's number in base 36: 36^9 entries, 3,000 years of a thousand a second. */
const NUMBER_DIGITS = 9;
/** Sorts before everything that a log's name is made of. */
const SEPARATOR = "!";
/** Of the digest of everything: before all entries. Short, as each write has it. */
export const DIGEST_KEY = SEPARATOR;
const DIGEST_BYTES = 4;

/** The key of an entry: keys of one log sort by number. */
export function entryKey(log: string, number: number): string {
  return `${log}${SEPARATOR}${number.toString(36).padStart(NUMBER_DIGITS, "0")}`;
}

/** @throws MeshError DATA_LOSS */
export function parseEntryKey(key: string): { readonly log: string; readonly number: number } {
  const match = /^([A-Za-z0-9/._-]{1,512})!([0-9a-z]{9})$/.exec(key);
  if (match === null) throw new MeshError("DATA_LOSS", "The database has a key that no peer wrote");
  return { log: match[1] as string, number: Number.parseInt(match[2] as string, 36) };
}

/** LevelDB checks its own blocks only in part; the checksum is over the key too, so that none is misplaced. */
export function encodeEntry(key: string, kind: EntryKind, entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + entry.length);
  bytes[CHECKSUM_BYTES] = KINDS.indexOf(kind);
  bytes.set(entry, HEADER_BYTES);
  bytes.writeUInt32LE(checksum(key, bytes), 0);
  return bytes;
}

/** @throws MeshError DATA_LOSS */
export function decodeEntry(
  key: string,
  bytes: Buffer,
): { readonly kind: EntryKind; readonly entry: Uint8Array } {
  const kind = KINDS[bytes[CHECKSUM_BYTES] ?? -1];
  if (kind === undefined || bytes.readUInt32LE(0) !== checksum(key, bytes)) {
    throw new MeshError("DATA_LOSS", `The database entry ${key} has the wrong checksum`);
  }
  return { kind, entry: bytes.subarray(HEADER_BYTES) };
}

/**
 * The digest of a log once an encoded entry is its newest: a chain of the checksums of what counts in it, so that it
 * changes with any entry that is missing, another or elsewhere. That of a log without entries is 0.
 *
 * @param previous the log's digest before
 */
export function logDigest(previous: number, encoded: Buffer): number {
  const kind = KINDS[encoded[CHECKSUM_BYTES] ?? -1];
  if (kind === "drop") return 0;
  return crc32(encoded.subarray(0, CHECKSUM_BYTES), kind === "append" ? previous : 0);
}

/** The digest of everything, when that of one log has changed: their sum, so that only what changed is looked at. */
export function digestWith(digest: number, log: { readonly before: number; readonly now: number }): number {
  return (digest - log.before + log.now) >>> 0;
}

export function encodeDigest(digest: number): Buffer {
  const bytes = Buffer.allocUnsafe(DIGEST_BYTES);
  bytes.writeUInt32LE(digest);
  return bytes;
}

function checksum(key: string, bytes: Buffer): number {
  return crc32(bytes.subarray(CHECKSUM_BYTES), crc32(key));
}
