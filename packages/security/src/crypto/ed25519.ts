import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** What precedes the seed of an Ed25519 key in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** What precedes an Ed25519 key in SubjectPublicKeyInfo (RFC 8410 section 4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** The private key of a seed (RFC 8032: 32 bytes). */
export function privateKeyOfSeed(seed: Uint8Array): KeyObject {
  if (seed.byteLength !== SEED_BYTES) throw new RangeError(`A seed has ${SEED_BYTES} bytes`);
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
}

/** The public key of a seed, raw. */
export function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  return rawPublicKey(createPublicKey(privateKeyOfSeed(seed)));
}

/** The 32 bytes of a public key, Ed25519 or X25519. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: "der", type: "spki" }).subarray(-32));
}

/** @param raw 32 bytes; which of them are on the curve shows when something is verified */
export function publicKeyFromRaw(raw: Uint8Array): KeyObject {
  if (raw.byteLength !== SEED_BYTES) throw new RangeError("An Ed25519 public key has 32 bytes");
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
}

/** Signs (RFC 8032, Ed25519). Whoever calls it sees to it that what is signed says what it is for: `inDomain`. */
export function signWith(key: KeyObject, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, bytes, key));
}

/** Never throws: a signature of the wrong length, or a key that is none, is a wrong signature. */
export function verifySignature(
  publicKey: Uint8Array | KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.byteLength !== SIGNATURE_BYTES) return false;
  try {
    const key = publicKey instanceof Uint8Array ? publicKeyFromRaw(publicKey) : publicKey;
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}

/**
 * What is signed for one purpose: no signature for one purpose is good for another, whatever is signed there.
 *
 * @param domain as "statement"
 */
export function inDomain(domain: string, bytes: Uint8Array | string): Uint8Array {
  return Buffer.concat([Buffer.from(`pi-controller ${domain} v1\0`), Buffer.from(bytes)]);
}
