import { type GpioValue, type GpioView, MeshError } from "@pi-controller/schema";
import type { GpioClient, ReservationTerms } from "./gpio-client.ts";
import type { CallOptions } from "./http.ts";
import { Lease } from "./lease.ts";
import { type ClientClock, type ClientRandom, hostClock, hostRandom } from "./time.ts";

export interface HoldOptions {
  /** Gives it back when it aborts; while it waits in line, leaves the line. */
  readonly signal?: AbortSignal;
  /**
   * It is not held any more though nobody here gave it back: nothing that is written arrives. Called once at most,
   * and at the latest when the lease may have ended, whether the peer can be reached or not. Called too when
   * `signal` had it given back and the peer could not be told: it stands until the lease ends.
   */
  readonly onLost?: (reason: MeshError) => void;
  /** It is taken, and stands in line now, as `waitMs` asked for. */
  readonly onWaiting?: (view: GpioView) => void;
  readonly clock?: ClientClock;
  readonly random?: ClientRandom;
}

/** A reservation that is renewed for as long as it is wanted. */
export interface HeldReservation {
  /** As it was granted. */
  readonly view: GpioView;
  readonly isHeld: boolean;
  /** @throws MeshError FAILED_PRECONDITION when it is not held any more, and as `GpioClient.gpio.write` */
  write(value: GpioValue, call?: CallOptions): Promise<GpioView>;
  /** Stops the renewals and gives it back. @throws MeshError as `GpioClient.gpio.release` */
  release(call?: CallOptions): Promise<void>;
  /** Stops the renewals alone: its lease ends by itself, unless somebody else renews it. `signal` means nothing then. */
  letGo(): void;
}

/** Its turn is noticed within this time, and well within the lease that starts with it. */
const MAX_POLL_MS = 1_000;
const MIN_POLL_MS = 100;
const ATTEMPTS = 3;
const RETRY_MS = 500;

/**
 * Reserves a pin or device, waits for its turn where `waitMs` asks for that, and renews the lease until it is given
 * back or lost.
 *
 * @throws MeshError as `GpioClient.gpio.reserve`; DEADLINE_EXCEEDED when its turn did not come; CANCELLED
 * @example
 * const pump = await holdReservation(client, { node, resource: "GPIO17", mode: { kind: "output" } }, {
 *   onLost: (reason) => console.error(`The pump is off: ${reason.message}`),
 * });
 * await pump.write({ level: "high" });
 * await pump.release();
 */
export async function holdReservation(
  client: GpioClient,
  terms: ReservationTerms,
  options: HoldOptions = {},
): Promise<HeldReservation> {
  const { clock = hostClock, random = hostRandom, signal } = options;
  const attempt = { client, clock, terms, idempotencyKey: newKey(random) };
  let { view, askedMs } = await reserved(attempt);
  if (view.state === "waiting") options.onWaiting?.(view);
  while (view.state === "waiting" && !signal?.aborted) {
    const pollMs = Math.max(MIN_POLL_MS, Math.min(MAX_POLL_MS, (view.ttlMs ?? Number.POSITIVE_INFINITY) / 5));
    await pause(clock, pollMs, signal);
    askedMs = clock.monotonic();
    view = await turnOf(client, view);
  }
  const { token } = view;
  if (signal?.aborted) {
    await client.gpio.release(view.id, token === null ? {} : { token });
    throw new MeshError("CANCELLED", "Nobody wants the reservation any more");
  }
  if (token === null) throw new MeshError("INTERNAL", "The peer granted it without a token");
  const held = new Held({ client, clock }, { ...options, view, token });
  held.start(askedMs);
  return held;
}

/**
 * Renews the lease of a reservation that one holds already, at once and from then on in time, as after a program or a
 * page was started anew.
 *
 * @throws MeshError FAILED_PRECONDITION when it still waits in line, and as `GpioClient.gpio.renew`
 */
export async function keepReservation(
  client: GpioClient,
  view: GpioView,
  options: Omit<HoldOptions, "onWaiting" | "random"> = {},
): Promise<HeldReservation> {
  const { clock = hostClock } = options;
  const { id, token } = view;
  if (token === null) throw new MeshError("FAILED_PRECONDITION", `${view.resource} still waits in line`);
  const askedMs = clock.monotonic();
  const { remainingMs } = await client.gpio.renew(id, { token });
  const held = new Held({ client, clock }, { ...options, view: { ...view, remainingMs }, token });
  held.start(askedMs);
  return held;
}

interface Attempt {
  readonly client: GpioClient;
  readonly clock: ClientClock;
  readonly terms: ReservationTerms;
  readonly idempotencyKey: string;
}

/** Asks again where no answer came: by its key the same grant is found, which would stand unknown otherwise. */
async function reserved({ client, clock, terms, idempotencyKey }: Attempt) {
  for (let left = ATTEMPTS - 1; ; left--) {
    const askedMs = clock.monotonic();
    try {
      return { view: await client.gpio.reserve(terms, { idempotencyKey }), askedMs };
    } catch (error) {
      if (left === 0 || !isOutOfReach(error)) throw error;
    }
    await pause(clock, RETRY_MS, undefined);
  }
}

async function turnOf(client: GpioClient, waiting: GpioView): Promise<GpioView> {
  try {
    return await client.gpio.get(waiting.id);
  } catch (error) {
    // The place in line stands while the link is away.
    if (isOutOfReach(error)) return waiting;
    if (!(error instanceof MeshError) || error.code !== "NOT_FOUND") throw error;
    throw new MeshError("DEADLINE_EXCEEDED", `The turn at ${waiting.resource} did not come in time`);
  }
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof MeshError && (error.code === "UNAVAILABLE" || error.code === "DEADLINE_EXCEEDED");
}

class Held implements HeldReservation {
  readonly view: GpioView;
  readonly #client: GpioClient;
  readonly #options: HoldOptions & { readonly token: string };
  readonly #lease: Lease;
  readonly #onAbort = () => void this.#releaseInBackground();

  constructor(
    { client, clock }: { readonly client: GpioClient; readonly clock: ClientClock },
    options: HoldOptions & { readonly view: GpioView; readonly token: string },
  ) {
    const { view, token } = options;
    this.view = view;
    this.#client = client;
    this.#options = options;
    this.#lease = new Lease(
      {
        clock,
        renew: async (call) => {
          await client.gpio.renew(view.id, { token }, call);
        },
      },
      { ttlMs: view.ttlMs, onLost: (reason) => this.#lost(reason) },
    );
  }

  get isHeld(): boolean {
    return this.#lease.isHeld;
  }

  start(askedMs: number): void {
    const { signal } = this.#options;
    this.#lease.start(askedMs, this.view.remainingMs);
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async write(value: GpioValue, call?: CallOptions): Promise<GpioView> {
    if (!this.isHeld) throw new MeshError("FAILED_PRECONDITION", "The reservation is not held any more");
    try {
      return await this.#client.gpio.write(this.view.id, { token: this.#options.token, value }, call);
    } catch (error) {
      this.#lease.judge(error);
      throw error;
    }
  }

  async release(call?: CallOptions): Promise<void> {
    this.letGo();
    await this.#client.gpio.release(this.view.id, { token: this.#options.token }, call);
  }

  letGo(): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#lease.end();
  }

  async #releaseInBackground(): Promise<void> {
    if (!this.isHeld) return;
    try {
      await this.release();
    } catch (error) {
      this.#options.onLost?.(
        error instanceof MeshError
          ? error
          : new MeshError("INTERNAL", "It could not be given back", {}, { cause: error }),
      );
    }
  }

  #lost(reason: MeshError): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.onLost?.(reason);
  }
}

/** Ends early when the signal aborts; rejects never. */
function pause(clock: ClientClock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(done, delayMs);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done, { once: true });
  });
}

/** No secret: it only has to differ from the other keys of the same user within ten minutes. */
function newKey(random: ClientRandom): string {
  const word = () => Math.floor(random.next() * 2 ** 32).toString(36);
  return `hold-${word()}${word()}${word()}`;
}
