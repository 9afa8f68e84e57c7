import { createHash } from "node:crypto";
import type { DesiredRecord } from "@pi-controller/schema";

/**
 * What a user signs who leaves a value for an owner that is away: exactly what is to be done, to what, until when; and
 * when he did, so that nobody puts an older one in the place of a newer one.
 *
 * @returns SHA-256 as 64 hexadecimal digits
 */
export function desiredDigest(
  desired: Pick<DesiredRecord, "id" | "node" | "token" | "value" | "writtenAt" | "applyBefore">,
): string {
  const { id, node, token, value, writtenAt, applyBefore } = desired;
  const signed = canonicalJson({ id, node, token, value, writtenAt, applyBefore });
  return createHash("sha256").update(signed).digest("hex");
}

/** JSON with the keys of every object in order: the same text for the same content on every peer. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
