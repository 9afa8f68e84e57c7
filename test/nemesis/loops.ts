/** Loops that go on until they are told to end. */
export class Loops {
  readonly #ended = Promise.withResolvers<void>();
  readonly #running: Promise<void>[] = [];
  #goOn = true;

  get goOn(): boolean {
    return this.#goOn;
  }

  /** Does something again and again; an error ends the loop and comes out of `end`. */
  begin(turn: () => Promise<void>): void {
    const run = async () => {
      while (this.#goOn) await turn();
    };
    const running = run();
    // It is heard of in `end`.
    running.catch(() => {});
    this.#running.push(running);
  }

  /** Shorter when all is over. */
  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((wake) => {
      timer = setTimeout(wake, ms);
    });
    await Promise.race([late, this.#ended.promise]);
    clearTimeout(timer);
  }

  /** Resolves when the last turns are over. */
  async end(): Promise<void> {
    this.#goOn = false;
    this.#ended.resolve();
    await Promise.all(this.#running);
  }
}
