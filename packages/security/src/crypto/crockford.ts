import { createHash, randomBytes } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";

/** Douglas Crockford's base 32: no I, L, O, U, so that nothing is read as something else. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS_PER_DIGIT = 5;
const ID_DIGITS = 16;
const FINGERPRINT_DIGITS = 16;
const FINGERPRINT_GROUP = 4;

/** The first `digits` times five bits of `bytes`. */
export function toCrockford(bytes: Uint8Array, digits: number): string {
  let text = "";
  for (let digit = 0; digit < digits; digit++) {
    let value = 0;
    for (let bit = digit * BITS_PER_DIGIT; bit < (digit + 1) * BITS_PER_DIGIT; bit++) {
      value = (value << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    text += DIGITS[value];
  }
  return text;
}

/** As many digits as asked for, each by chance (cryptographic). */
export function randomCrockford(digits: number): string {
  return toCrockford(randomBytes(Math.ceil((digits * BITS_PER_DIGIT) / 8)), digits);
}

/** `text` with a dash between groups. */
export function grouped(text: string, size: number): string {
  return text.replaceAll(new RegExp(`.{${size}}(?=.)`, "g"), "$&-");
}

/** What people write for Crockford's digits: any case, I and L for 1, O for 0, spaces and dashes. */
export function normaliseCrockford(text: string): string {
  return text
    .toUpperCase()
    .replaceAll(/[\s\-\u2010-\u2015]/g, "")
    .replaceAll(/[IL]/g, "1")
    .replaceAll("O", "0");
}

/** True for digits alone, as `normaliseCrockford` leaves them. */
export function isCrockford(text: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]+$/.test(text);
}

/** An id for a user: 80 bits of chance. */
export function newUserId(): string {
  return `user-${randomCrockford(ID_DIGITS).toLowerCase()}`;
}

/** An id for a token: 80 bits of chance. It is no secret. */
export function newTokenId(): string {
  return randomCrockford(ID_DIGITS).toLowerCase();
}

/**
 * What people compare to know that a node is the one they mean: 80 bits of SHA-256 of its id, as
 * `XXXX-XXXX-XXXX-XXXX`.
 */
export function fingerprintOf(node: NodeId): string {
  const hash = createHash("sha256").update(node).digest();
  return grouped(toCrockford(hash, FINGERPRINT_DIGITS), FINGERPRINT_GROUP);
}
