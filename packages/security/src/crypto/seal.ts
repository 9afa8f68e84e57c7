import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { MeshError } from "@pi-controller/schema";
import { fromBase64Url, toBase64Url, utf8 } from "./encoding.ts";

/** NIST SP 800-38D's length of a nonce; at random, which is good for 2^32 messages a key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals with a key that both ends have: AES-256-GCM.
 *
 * @param key 32 bytes
 * @param subject what it is; opens as that alone
 * @returns nonce, ciphertext and tag in base64url
 */
export function seal(key: Uint8Array, plaintext: Uint8Array, subject: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(utf8(subject));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return toBase64Url(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]));
}

/** @throws MeshError DATA_LOSS when it was not sealed with this key, as this subject */
export function unseal(key: Uint8Array, sealed: string, subject: string): Uint8Array {
  const bytes = fromBase64Url(sealed);
  if (bytes === undefined || bytes.byteLength < NONCE_BYTES + TAG_BYTES) throw doesNotOpen();
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(utf8(subject)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plaintext = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return new Uint8Array(Buffer.concat([plaintext, decipher.final()]));
  } catch (error) {
    throw doesNotOpen(error);
  }
}

function doesNotOpen(cause?: unknown): MeshError {
  return new MeshError("DATA_LOSS", "Sealed data cannot be opened with this key", {}, { cause });
}
