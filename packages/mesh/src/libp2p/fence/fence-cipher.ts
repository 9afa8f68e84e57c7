import { type Cipheriv, createCipheriv, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** Chance that makes the keystreams of a connection its own; sent in the clear by each side. */
export const SALT_BYTES = 32;
const MARK_BYTES = 16;
/** What a dialler sends first. */
export const HELLO_BYTES = SALT_BYTES + MARK_BYTES;
const KEY_BYTES = 32;
/** OpenSSL's ChaCha20 takes the block counter and the nonce as one. Zero: no key is used twice. */
const FIRST_BLOCK = Buffer.alloc(16);

/** One direction of a connection. XOR with a keystream: the same for both sides of it. */
export class FenceCipher {
  readonly #cipher: Cipheriv;

  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv("chacha20", key, FIRST_BLOCK);
  }

  /** The bytes that follow the last ones, enciphered or deciphered. */
  update(bytes: Uint8Array): Uint8Array {
    return this.#cipher.update(bytes);
  }
}

/** How a dialler begins: what it sends first, and the cipher for all that it sends after that. */
export function beginFence(fenceKey: Uint8Array): {
  readonly hello: Uint8Array;
  readonly cipher: FenceCipher;
} {
  const salt = randomBytes(SALT_BYTES);
  const { key, mark } = diallerSecrets(fenceKey, salt);
  return { hello: Buffer.concat([salt, mark]), cipher: new FenceCipher(key) };
}

/**
 * Finds out which key a dialler used.
 *
 * @param hello HELLO_BYTES bytes
 * @param accepted keys to try, in this order
 * @returns undefined when it is none of them
 */
export function recogniseFence(
  hello: Uint8Array,
  accepted: readonly Uint8Array[],
): { readonly fenceKey: Uint8Array; readonly cipher: FenceCipher } | undefined {
  const salt = hello.subarray(0, SALT_BYTES);
  for (const fenceKey of accepted) {
    const { key, mark } = diallerSecrets(fenceKey, salt);
    if (timingSafeEqual(mark, hello.subarray(SALT_BYTES))) return { fenceKey, cipher: new FenceCipher(key) };
  }
  return undefined;
}

/**
 * The cipher of what the listener sends.
 *
 * @param diallerSalt and `listenerSalt`: both count, so that neither side can make the other use a key twice
 */
export function answerCipher(
  fenceKey: Uint8Array,
  diallerSalt: Uint8Array,
  listenerSalt: Uint8Array,
): FenceCipher {
  const salt = Buffer.concat([diallerSalt, listenerSalt]);
  return new FenceCipher(derive(fenceKey, salt, "pi-controller fence, listener to dialler", KEY_BYTES));
}

export function newSalt(): Uint8Array {
  return randomBytes(SALT_BYTES);
}

function diallerSecrets(
  fenceKey: Uint8Array,
  salt: Uint8Array,
): { readonly key: Uint8Array; readonly mark: Uint8Array } {
  const bytes = derive(fenceKey, salt, "pi-controller fence, dialler to listener", KEY_BYTES + MARK_BYTES);
  return { key: bytes.subarray(0, KEY_BYTES), mark: bytes.subarray(KEY_BYTES) };
}

/** HKDF-SHA256, RFC 5869. */
function derive(fenceKey: Uint8Array, salt: Uint8Array, purpose: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", fenceKey, salt, purpose, bytes));
}
