const MAX_BYTES = 4_096;

/** Bytes as people write them: `48 0a`, `0x48, 0x0A`, `480a`. Null when it is none, or too many. */
export function parseHexBytes(text: string): readonly number[] | null {
  const words = text
    .trim()
    .split(/[\s,;]+/)
    .filter(Boolean);
  const bytes: number[] = [];
  for (const word of words) {
    const digits = word.replace(/^0x/i, "");
    if (!/^[0-9a-f]+$/i.test(digits) || (digits.length > 2 && digits.length % 2 === 1)) return null;
    const pairs = digits.length <= 2 ? [digits] : (digits.match(/../g) ?? []);
    for (const pair of pairs) bytes.push(Number.parseInt(pair, 16));
    if (bytes.length > MAX_BYTES) return null;
  }
  return bytes;
}

/** As `48 0a`. */
export function formatHexBytes(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** What of the bytes is text, as `Hi..`: a dot stands for what cannot be printed. */
export function formatAscii(bytes: readonly number[]): string {
  return bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
}
