import { hkdfSync } from "node:crypto";
import { MeshError } from "@pi-controller/schema";

/** Keeps the tag apart from all else that is derived from the same secret. */
const DOMAIN = "pi-controller/discovery-tag/1";
const TAG_BYTES = 5;
const TAG = /^[0-9a-f]{10}$/;

/**
 * The tag under which the peers that share a secret find each other: 10 hexadecimal digits. Everybody on the LAN
 * sees it, and learns nothing about the secret from it (HKDF with SHA-256, RFC 5869).
 */
export function discoveryTag(secret: Uint8Array): string {
  return Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), DOMAIN, TAG_BYTES)).toString("hex");
}

/**
 * The DNS-SD service of those who share a tag, as `_pic-1a2b3c4d5e._tcp.local`. RFC 6763 section 7 allows 15
 * characters.
 *
 * @throws MeshError INVALID_ARGUMENT for what is no tag
 */
export function serviceOf(tag: string): string {
  if (!TAG.test(tag)) {
    throw new MeshError("INVALID_ARGUMENT", "A discovery tag must be 10 hexadecimal digits in lower case");
  }
  return `_pic-${tag}._tcp.local`;
}
