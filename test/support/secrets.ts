/**
 * All the forms in which a secret could be found: as it is, in hexadecimal digits, in both kinds of base64, and, when
 * it is bytes in base64url, as these bytes and what they are in the other forms. Of base64 only what does not depend
 * on what stands beside it.
 */
export function encodingsOf(secret: string): Buffer[] {
  const plain = Buffer.from(secret);
  const forms = [plain, ...formsOf(plain)];
  const raw = /^[\w-]{22,}$/.test(secret) ? Buffer.from(secret, "base64url") : undefined;
  if (raw !== undefined && raw.toString("base64url") === secret) forms.push(raw, ...formsOf(raw));
  return forms;
}

function formsOf(bytes: Buffer): Buffer[] {
  const texts = [bytes.toString("hex"), bytes.toString("hex").toUpperCase()];
  for (let shift = 0; shift < 3; shift++) {
    // A secret may begin at any of the three places of a group of base64; the edges then hold foreign bits.
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64url");
    const inner = padded.slice(shift === 0 ? 0 : shift + 1, -2);
    texts.push(inner, inner.replaceAll("-", "+").replaceAll("_", "/"));
  }
  return [...new Set(texts)].map((text) => Buffer.from(text));
}
