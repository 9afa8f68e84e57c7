import { createHash } from "node:crypto";
import { canonicalJson } from "@pi-controller/document";

/**
 * The revision of a record: the same for the same content on every peer, another one after any change. It
 * needs no counter, which two sides of a partition would count differently.
 *
 * @returns 16 hexadecimal digits
 */
export function revisionOf(record: Readonly<Record<string, unknown>>): string {
  return createHash("sha256").update(canonicalJson(record)).digest("hex").slice(0, 16);
}
