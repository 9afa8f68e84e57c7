import type { FencingToken, ReservationRecord } from "@pi-controller/schema";
import { parseToken, tokenOf } from "../ledger/token.ts";

/** Tokens that were given out one after another. */
interface Range {
  readonly bootEpoch: number;
  readonly from: number;
  to: number;
}

/** Gives out tokens, each higher than all before it, those of earlier lives of this owner included. */
export class Tokens {
  readonly #lifeEpoch: number;
  #bootEpoch: number;
  #seq = 0;
  readonly #issued: Range[] = [];

  constructor(options: { readonly bootEpoch: number }) {
    this.#lifeEpoch = options.bootEpoch;
    this.#bootEpoch = options.bootEpoch;
  }

  /** A record of a later life means that the count of starts was set back: goes on from there. @param record genuine */
  observe({ token }: ReservationRecord): void {
    if (token === null) return;
    const { bootEpoch, seq } = parseToken(token);
    if (bootEpoch < this.#bootEpoch) return;
    this.#seq = bootEpoch > this.#bootEpoch ? seq : Math.max(seq, this.#seq);
    this.#bootEpoch = bootEpoch;
  }

  /** Whether this life of the owner gave it out. */
  hasIssued(token: FencingToken): boolean {
    const { bootEpoch, seq } = parseToken(token);
    return this.#issued.some(
      (range) => range.bootEpoch === bootEpoch && range.from <= seq && seq <= range.to,
    );
  }

  /** Whether it is of a life that comes after this one, by the count of starts: then that was set back. */
  isOfLaterLife(token: FencingToken): boolean {
    return parseToken(token).bootEpoch > this.#lifeEpoch && !this.hasIssued(token);
  }

  next(): FencingToken {
    const seq = ++this.#seq;
    const last = this.#issued.at(-1);
    if (last?.bootEpoch === this.#bootEpoch && last.to === seq - 1) last.to = seq;
    else this.#issued.push({ bootEpoch: this.#bootEpoch, from: seq, to: seq });
    return tokenOf(this.#bootEpoch, seq);
  }
}
