import { hash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { Member } from "./member.ts";

/** Views are compared in this many groups of members, so that only what differs is sent. */
export const VIEW_BUCKETS = 64;

/** What is believed of one member, as 64 bits of chance, and the group that it is in. */
interface Fingerprint {
  readonly bucket: number;
  readonly high: number;
  readonly low: number;
}

/**
 * A short name for all that a peer believes, kept up to date with every change: equal for equal beliefs, whatever
 * the order in which they came about.
 *
 * A group is the exclusive or of its members' fingerprints. That guards against chance, not against somebody who
 * searches for members that cancel out: he would need their signatures, and gain that news reach others by the
 * other ways only.
 */
export class ViewDigest {
  readonly #fingerprints = new Map<NodeId, Fingerprint>();
  /** Two words a group. */
  readonly #words = new Uint32Array(2 * VIEW_BUCKETS);

  /** Takes in what is believed of a member now. */
  set(member: Pick<Member, "id" | "state" | "bootEpoch" | "incarnation">): void {
    this.delete(member.id);
    // That nothing is known is a peer's own lack of news, and nothing to tell.
    if (member.state === "unknown") return;
    const fingerprint = fingerprintOf(member);
    this.#fingerprints.set(member.id, fingerprint);
    add(this.#words, fingerprint);
  }

  delete(id: NodeId): void {
    const fingerprint = this.#fingerprints.get(id);
    if (fingerprint === undefined) return;
    this.#fingerprints.delete(id);
    add(this.#words, fingerprint);
  }

  /** Which group a member is in that something is believed of. */
  bucketOf(id: NodeId): number | undefined {
    return this.#fingerprints.get(id)?.bucket;
  }

  /**
   * Of everything, in 16 hexadecimal digits.
   *
   * @param partner whom it is for: each of two knows best of itself, so neither counts
   */
  total(partner: NodeId): string {
    const words = this.#without(partner);
    let high = 0;
    let low = 0;
    for (let index = 0; index < words.length; index += 2) {
      high ^= words[index] as number;
      low ^= words[index + 1] as number;
    }
    return digits(high) + digits(low);
  }

  /** Of each group, in the same form, in order. */
  buckets(partner: NodeId): string[] {
    const words = this.#without(partner);
    return Array.from(
      { length: VIEW_BUCKETS },
      (_, bucket) => digits(words[2 * bucket] as number) + digits(words[2 * bucket + 1] as number),
    );
  }

  #without(partner: NodeId): Uint32Array {
    const fingerprint = this.#fingerprints.get(partner);
    if (fingerprint === undefined) return this.#words;
    const words = this.#words.slice();
    add(words, fingerprint);
    return words;
  }
}

/** Takes away what was added before. */
function add(words: Uint32Array, { bucket, high, low }: Fingerprint): void {
  words[2 * bucket] = (words[2 * bucket] as number) ^ high;
  words[2 * bucket + 1] = (words[2 * bucket + 1] as number) ^ low;
}

function fingerprintOf({ id, state, bootEpoch, incarnation }: Parameters<ViewDigest["set"]>[0]): Fingerprint {
  const bytes = hash("sha256", `${id} ${state} ${bootEpoch} ${incarnation}`, "buffer");
  return {
    bucket: hash("sha256", id, "buffer").readUInt8() % VIEW_BUCKETS,
    high: bytes.readUInt32BE(),
    low: bytes.readUInt32BE(4),
  };
}

function digits(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
