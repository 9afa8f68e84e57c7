/** Stops the calls to a listener. Calling it twice does nothing. */
export type Unsubscribe = () => void;

/** A list of listeners of one kind of thing. One that throws is reported and does not stop the others. */
export class Emitter<T> {
  /** Never changed, only replaced: a listener that unsubscribes another one must not make `emit` skip a third. */
  #listeners: readonly ((value: T) => void)[] = [];
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  on(listener: (value: T) => void): Unsubscribe {
    // Wrapped, so that a listener given twice counts twice and unsubscribes once each.
    const entry = (value: T) => listener(value);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((listening) => listening !== entry);
    };
  }

  emit(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
