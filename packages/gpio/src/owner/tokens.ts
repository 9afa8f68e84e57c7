import type { FencingToken, ReservationRecord } from "@pi-controller/schema";
import { parseToken, tokenOf } from "../ledger/token.ts";

/** Gives out tokens, each higher than all before it, those of earlier lives of this owner included. */
export class Tokens {
  #bootEpoch: number;
  #seq = 0;

  constructor(options: { readonly bootEpoch: number }) {
    this.#bootEpoch = options.bootEpoch;
  }

  /** A record of a later life means that the count of starts was set back: goes on from there. */
  observe({ token }: ReservationRecord): void {
    if (token === null) return;
    const { bootEpoch, seq } = parseToken(token);
    if (bootEpoch < this.#bootEpoch) return;
    this.#seq = bootEpoch > this.#bootEpoch ? seq : Math.max(seq, this.#seq);
    this.#bootEpoch = bootEpoch;
  }

  next(): FencingToken {
    return tokenOf(this.#bootEpoch, ++this.#seq);
  }
}
