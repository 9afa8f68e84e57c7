import { createHmac, createSecretKey } from "node:crypto";
import type { Seal } from "@pi-controller/gpio";
import { deriveKey } from "@pi-controller/security";

/** Bytes of the seed in libp2p's Ed25519 private key, which come first. */
const SEED_BYTES = 32;

/**
 * What this node proves by that it wrote a record of its pins itself: HMAC-SHA-256 (RFC 2104), under a key that is made
 * of its identity by HKDF (RFC 5869) and is used for nothing else. Whoever has the card has it.
 */
export function sealOf(privateKey: { readonly raw: Uint8Array }): Seal {
  // As a key object: to make one of bytes for each MAC takes ten times as long as the MAC.
  const key = createSecretKey(deriveKey(privateKey.raw.subarray(0, SEED_BYTES), "gpio records"));
  return { mac: (text) => createHmac("sha256", key).update(text).digest("base64") };
}
