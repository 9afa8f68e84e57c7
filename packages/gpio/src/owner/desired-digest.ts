import { createHash } from "node:crypto";
import { canonicalJson } from "@pi-controller/document";
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
