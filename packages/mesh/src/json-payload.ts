const encoder = new TextEncoder();
/** Fatal: what is no UTF-8 is refused rather than repaired. */
const decoder = new TextDecoder("utf-8", { fatal: true });

/** JSON as the bytes of a request, of an answer or of gossip. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * Reads what another peer sent. Bounding its size comes before, judging it by a schema after.
 *
 * @returns undefined, which is no value of JSON, for what is no JSON in UTF-8. No error: that of `JSON.parse` quotes
 *   what it read, which may be a secret
 */
export function decodeJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
