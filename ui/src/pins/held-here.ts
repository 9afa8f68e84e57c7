import {
  type Client,
  type ClientClock,
  type HeldReservation,
  holdReservation,
  keepReservation,
  type ReservationTerms,
} from "@pi-controller/client";
import { type GpioView, MeshError, type ReservationId } from "@pi-controller/schema";
import { signal } from "@preact/signals";

/** A lease that ended though this page renewed it. */
export interface LostLease {
  readonly id: ReservationId;
  readonly resource: string;
  readonly nodeName: string;
  readonly reason: string;
}

/** `waiting`: this page renews it as soon as it is granted. `taking`: it is being asked for. */
export type KeptState = "renewing" | "waiting" | "taking";

/**
 * The reservations whose leases this page renews, for as long as it is open: nothing of it is kept anywhere, so that
 * a page that is closed, or whose machine is gone, lets the owners end them.
 */
export class HeldHere {
  /** What is kept, by the reservation's id. */
  readonly kept = signal<ReadonlyMap<ReservationId, KeptState>>(new Map());
  /** What was lost and not yet read by anybody. */
  readonly losses = signal<readonly LostLease[]>([]);
  readonly #client: Pick<Client, "gpio">;
  readonly #clock: ClientClock;
  readonly #held = new Map<ReservationId, HeldReservation>();
  /** Of those that wait: ends the waiting. */
  readonly #waiting = new Map<ReservationId, AbortController>();
  #stopped = false;

  constructor({ client, clock }: { readonly client: Pick<Client, "gpio">; readonly clock: ClientClock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Asks for a reservation and renews it from its grant on.
   *
   * @returns as granted, or as it stands in line
   * @throws MeshError as `GpioClient.gpio.reserve`
   */
  reserve(terms: ReservationTerms): Promise<GpioView> {
    return new Promise((resolve, reject) => {
      const left = new AbortController();
      const hold = async () => {
        let waiting: GpioView | undefined;
        try {
          const held = await holdReservation(this.#client, terms, {
            clock: this.#clock,
            signal: left.signal,
            onLost: (reason) => this.#lost(held.view, reason),
            onWaiting: (view) => {
              waiting = view;
              this.#waiting.set(view.id, left);
              this.#mark(view.id, "waiting");
              resolve(view);
            },
          });
          this.#waiting.delete(held.view.id);
          this.#take(held);
          resolve(held.view);
        } catch (error) {
          if (waiting === undefined) return reject(error);
          this.#waiting.delete(waiting.id);
          this.#mark(waiting.id, null);
          if (!left.signal.aborted) this.#note(waiting, error);
        }
      };
      void hold();
    });
  }

  /** Renews one's own reservation that was made elsewhere, or before this page was loaded. @throws MeshError */
  async keep(view: GpioView): Promise<void> {
    this.#mark(view.id, "taking");
    try {
      this.#take(
        await keepReservation(this.#client, view, {
          clock: this.#clock,
          onLost: (reason) => this.#lost(view, reason),
        }),
      );
    } catch (error) {
      this.#mark(view.id, null);
      throw error;
    }
  }

  /** Does not renew it any more, as it is given back, handed over or taken away. */
  letGo(id: ReservationId): void {
    this.#held.get(id)?.letGo();
    this.#held.delete(id);
    this.#waiting.get(id)?.abort();
    this.#waiting.delete(id);
    this.#mark(id, null);
  }

  /** Somebody has read what was lost. */
  forgetLosses(): void {
    this.losses.value = [];
  }

  /** The user is gone: nothing is renewed any more. */
  stop(): void {
    this.#stopped = true;
    for (const held of this.#held.values()) held.letGo();
    this.#held.clear();
    for (const waiting of this.#waiting.values()) waiting.abort();
    this.#waiting.clear();
    this.kept.value = new Map();
  }

  #take(held: HeldReservation): void {
    const { id, ttlMs } = held.view;
    if (this.#stopped) return held.letGo();
    if (ttlMs === null) return this.#mark(id, null);
    // Two that renew one lease would both be told when it is lost.
    this.#held.get(id)?.letGo();
    this.#held.set(id, held);
    this.#mark(id, "renewing");
  }

  #lost(view: GpioView, reason: unknown): void {
    this.#held.delete(view.id);
    this.#mark(view.id, null);
    this.#note(view, reason);
  }

  #note({ id, resource, nodeName }: GpioView, reason: unknown): void {
    const text = reason instanceof MeshError ? reason.message : String(reason);
    this.losses.value = [{ id, resource, nodeName, reason: text }, ...this.losses.value].slice(0, 20);
  }

  #mark(id: ReservationId, state: KeptState | null): void {
    const kept = new Map(this.kept.value);
    if (state === null) kept.delete(id);
    else kept.set(id, state);
    this.kept.value = kept;
  }
}
