import { createHash } from "node:crypto";

/**
 * The Yjs client id under which one author writes one document. Derived and not drawn: a new id at every
 * start would grow the state vector for ever, and an id used again without its clock diverges silently.
 *
 * 53 bits, the most that Yjs' encoding carries exactly: among 10,000 authors a collision, which would corrupt
 * both, has a chance of 1 in 10^8; with the 32 bits that Yjs draws itself it would be 1 in 100.
 *
 * @param author what identifies the author and its line of writing, as node id and storage epoch
 */
export function clientIdOf(...author: readonly string[]): number {
  const hash = createHash("sha256").update(author.join("\0")).digest();
  // 0 is what our own Y.Docs call themselves: they never write.
  return Number(hash.readBigUInt64BE() >> 11n) || 1;
}
