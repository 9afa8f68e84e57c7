/** Bytes as text: base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/**
 * The bytes of a text in base64url. One text a value: a spelling that Node would take, but not make, is none.
 *
 * @param length bytes expected; any when left out
 * @returns undefined for anything else: it came from outside
 */
export function fromBase64Url(text: string, length?: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (length !== undefined && bytes.byteLength !== length) return undefined;
  return bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;
}

/** UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
