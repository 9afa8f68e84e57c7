import { hkdfSync } from "node:crypto";

const EMPTY = new Uint8Array();

/**
 * A key made from another one (HKDF-SHA256, RFC 5869, without salt: the input is a key already, not a password).
 *
 * @param purpose says what it is for: keys for different purposes say nothing about each other
 */
export function deriveKey(secret: Uint8Array, purpose: string, length = 32): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, EMPTY, `pi-controller ${purpose} v1`, length));
}
