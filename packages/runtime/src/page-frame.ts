import { crc32 } from "node:zlib";

/** A page of the page cache: what is written in one call is not seen in part after a kill. */
const PAGE_BYTES = 4_096;
const HEADER = /^([0-9a-f]{8}) (\d{1,6})\n/;

/** What an `UnsyncedPage` is filled with: checksum and length, a value as JSON, and spaces up to whole pages. */
export function encodePage(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  const header = Buffer.from(`${checksum(json)} ${json.length}\n`);
  const used = header.length + json.length;
  const padding = Buffer.alloc(Math.ceil(used / PAGE_BYTES) * PAGE_BYTES - used, " ");
  return Buffer.concat([header, json, padding]);
}

/** @returns what `encodePage` was given, unchecked; undefined for what is torn, empty or of somebody else */
export function decodePage(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [header, sum, length] = HEADER.exec(text.toString("latin1", 0, 20)) ?? [];
  if (header === undefined) return undefined;
  const json = text.subarray(header.length, header.length + Number(length));
  if (json.length !== Number(length) || checksum(json) !== sum) return undefined;
  return JSON.parse(json.toString());
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}
