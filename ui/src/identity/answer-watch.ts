/** What an answer of the peer tells beside its content. */
export interface AnswerNote {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  /** The peer's wall clock in ms since 1970, to the second; null when it did not say. */
  readonly peerTimeMs: number | null;
}

/**
 * A `fetch` that lets one observer see each answer's status and date, so that a session that ended is noticed
 * wherever it shows first.
 */
export class AnswerWatch {
  readonly #fetch: typeof fetch;
  #observer: ((note: AnswerNote) => void) | undefined;

  constructor(fetch: typeof globalThis.fetch) {
    this.#fetch = fetch;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const send = this.#fetch;
    const response = await send(input, init);
    const url = input instanceof Request ? input.url : String(input);
    const date = Date.parse(response.headers.get("date") ?? "");
    this.#observer?.({
      status: response.status,
      method: init?.method ?? "GET",
      path: new URL(url, "http://peer").pathname,
      peerTimeMs: Number.isNaN(date) ? null : date,
    });
    return response;
  };

  /** Calls back at every answer from now on; one observer at a time. */
  observe(observer: (note: AnswerNote) => void): void {
    this.#observer = observer;
  }
}
