/** Stops the calls to a listener. Calling it twice does nothing. */
export type Unsubscribe = () => void;

/** A list of listeners of one kind of thing. One that throws is reported and does not stop the others. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  on(listener: (value: T) => void): Unsubscribe {
    // Wrapped, so that a listener given twice counts twice and unsubscribes once each.
    const entry = (value: T) => listener(value);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(value: T): void {
    // Over a copy: a listener that unsubscribes another one must not make the loop skip a third.
    const listeners = [...this.#listeners];
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
