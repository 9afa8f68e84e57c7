/** Runs one after the other what must not overlap. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws what `act` throws */
  take<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
