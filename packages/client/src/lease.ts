import { type ErrorCode, MeshError } from "@pi-controller/schema";
import type { CallOptions } from "./http.ts";
import type { ClientClock } from "./time.ts";

interface Components {
  readonly clock: ClientClock;
  /** Resolves when the owner has renewed it. @throws MeshError */
  readonly renew: (call: CallOptions) => Promise<void>;
}

interface Options {
  /** Null: it stands until it is given back, and there is nothing to renew. */
  readonly ttlMs: number | null;
  readonly onLost: (reason: MeshError) => void;
}

/** After these there is nothing left to renew, or nobody who may. */
const FINAL: readonly ErrorCode[] = ["ABORTED", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED"];
/** A third of the term leaves room for two renewals that fail. */
const RENEWALS_PER_TERM = 3;
const RETRIES_PER_TERM = 12;
const MIN_WAIT_MS = 50;

/**
 * Renews a lease in time. It ends here no later than at the owner: the term counts from the moment at which the
 * request was sent, when the owner cannot have begun to count yet, by a clock that does not jump.
 */
export class Lease {
  readonly #components: Components;
  readonly #options: Options;
  readonly #abort = new AbortController();
  #isHeld = false;
  /** Why the last renewal failed, when it did. */
  #failure: MeshError | undefined;
  #endsMs = Number.POSITIVE_INFINITY;
  #timer: { cancel(): void } | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
  }

  get isHeld(): boolean {
    return this.#isHeld && this.#components.clock.monotonic() < this.#endsMs;
  }

  /**
   * @param askedMs when the request was sent whose answer told of the grant
   * @param remainingMs what was left of the term, as that answer says
   */
  start(askedMs: number, remainingMs: number | null): void {
    this.#isHeld = true;
    const { ttlMs } = this.#options;
    if (ttlMs === null) return;
    const leftMs = Math.min(remainingMs ?? ttlMs, ttlMs);
    this.#endsMs = askedMs + leftMs;
    this.#renewAfter(leftMs - (ttlMs * (RENEWALS_PER_TERM - 1)) / RENEWALS_PER_TERM);
  }

  /** Given back, or not wanted any more. */
  end(): void {
    this.#isHeld = false;
    this.#timer?.cancel();
    this.#abort.abort();
  }

  /** An error of a request under this lease may say that it is over. */
  judge(error: unknown): void {
    const isOver = error instanceof MeshError && (error.code === "ABORTED" || error.code === "NOT_FOUND");
    if (isOver) this.#lose(error);
  }

  #renewAfter(delayMs: number): void {
    this.#timer = this.#components.clock.setTimer(() => void this.#renew(), Math.max(0, delayMs));
  }

  async #renew(): Promise<void> {
    const { clock, renew } = this.#components;
    const { ttlMs } = this.#options;
    if (!this.#isHeld || ttlMs === null) return;
    const askedMs = clock.monotonic();
    const leftMs = this.#endsMs - askedMs;
    // As after the machine slept: the owner has ended it, and has perhaps given it to somebody else.
    if (leftMs <= 0) return this.#lose(this.#tooLate());
    try {
      await renew({ timeoutMs: Math.min(leftMs, ttlMs / RENEWALS_PER_TERM), signal: this.#abort.signal });
      this.#endsMs = askedMs + ttlMs;
      this.#failure = undefined;
      if (this.#isHeld) this.#renewAfter(ttlMs / RENEWALS_PER_TERM - (clock.monotonic() - askedMs));
    } catch (error) {
      this.#failed(error, ttlMs);
    }
  }

  #failed(error: unknown, ttlMs: number): void {
    if (!this.#isHeld) return;
    const known =
      error instanceof MeshError
        ? error
        : new MeshError("INTERNAL", "The lease could not be renewed", {}, { cause: error });
    const leftMs = this.#endsMs - this.#components.clock.monotonic();
    this.#failure = known;
    if (FINAL.includes(known.code)) return this.#lose(known);
    if (leftMs <= 0) return this.#lose(this.#tooLate());
    const waitMs = Math.max(MIN_WAIT_MS, ttlMs / RETRIES_PER_TERM, known.details.retryAfterMs ?? 0);
    this.#renewAfter(Math.min(waitMs, leftMs));
  }

  #tooLate(): MeshError {
    const why = this.#failure === undefined ? "" : `: ${this.#failure.message}`;
    const options = { cause: this.#failure };
    return new MeshError("DEADLINE_EXCEEDED", `The lease ended before it was renewed${why}`, {}, options);
  }

  #lose(reason: MeshError): void {
    if (!this.#isHeld) return;
    this.end();
    this.#options.onLost(reason);
  }
}
