/** What was handed to threads of this process, as ciphers are, and has not been taken back. */
interface Handed {
  isDone: boolean;
  /** Lets whoever waits for it go on. */
  release: () => void;
}

/**
 * Work that takes real time in a simulation. It is taken back one by one, in the order in which it was handed out, so
 * that a run is the same however fast the threads are.
 */
export class RealWork {
  readonly #handed: Handed[] = [];

  /** What `work` comes to, once its turn has come. */
  follow<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const handed: Handed = { isDone: false, release: () => undefined };
      this.#handed.push(handed);
      work.then(
        (value) => {
          handed.release = () => resolve(value);
          handed.isDone = true;
        },
        (error: unknown) => {
          handed.release = () => reject(error);
          handed.isDone = true;
        },
      );
    });
  }

  /** Runs something to its end that happens outside of simulated time. */
  async finish<T>(doing: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    doing.then(over, over);
    while (!isOver) await this.settle();
    return doing;
  }

  /** Resolves when all promises have settled that wait for nothing but promises and work that was followed. */
  readonly settle = (): Promise<void> =>
    new Promise((resolve) => void setImmediate(this.#afterTurn, resolve));

  /** Between two timers nothing was handed out, mostly: it should cost no more than the turn. */
  readonly #afterTurn = (settled: () => void): void => {
    if (this.#handed.length === 0) settled();
    else void this.#takeBack().then(settled);
  };

  async #takeBack(): Promise<void> {
    for (let first = this.#handed[0]; first !== undefined; first = this.#handed[0]) {
      while (!first.isDone) await turn();
      this.#handed.shift();
      first.release();
      await turn();
    }
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
