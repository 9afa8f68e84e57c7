import { createHash } from "node:crypto";

/**
 * The revision of a record: the same for the same content on every peer, another one after any change. It
 * needs no counter, which two sides of a partition would count differently.
 *
 * @returns 16 hexadecimal digits
 */
export function revisionOf(record: Readonly<Record<string, unknown>>): string {
  return createHash("sha256").update(canonicalJson(record)).digest("hex").slice(0, 16);
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
