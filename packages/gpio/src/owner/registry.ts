import type { ReservationId } from "@pi-controller/schema";
import type { EndReason, Ledger } from "../ledger/ledger.ts";
import type { Reservation } from "./reservation.ts";

/** Ended ones that are remembered, so that a holder who slept through the end is told so. */
const MAX_ENDED = 1_024;

/** All reservations of this node in memory: those that there are, and why the last ones are not any more. */
export class Registry implements Ledger {
  readonly entries = new Map<ReservationId, Reservation>();
  readonly #byLine = new Map<number, Reservation>();
  readonly #ended = new Map<ReservationId, EndReason>();

  add(reservation: Reservation): void {
    this.entries.set(reservation.id, reservation);
    if (reservation.phase !== "waiting") this.takeLine(reservation);
  }

  /** From now on changes at its pin are its own. */
  takeLine(reservation: Reservation): void {
    if (reservation.line !== null && reservation.ownsHardware)
      this.#byLine.set(reservation.line, reservation);
  }

  remove(reservation: Reservation, reason: EndReason): void {
    this.forget(reservation);
    this.#ended.delete(reservation.id);
    this.#ended.set(reservation.id, reason);
    if (this.#ended.size <= MAX_ENDED) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      break;
    }
  }

  /** As if it had never been there. */
  forget(reservation: Reservation): void {
    this.entries.delete(reservation.id);
    const { line } = reservation;
    if (line !== null && this.#byLine.get(line) === reservation) this.#byLine.delete(line);
  }

  get(id: ReservationId): Reservation | undefined {
    return this.entries.get(id);
  }

  /** Who holds the pin, by BCM number. */
  atLine(line: number): Reservation | undefined {
    return this.#byLine.get(line);
  }

  /** Why it ended; undefined when it is there, was never, or ended long ago. */
  endOf(id: ReservationId): EndReason | undefined {
    return this.#ended.get(id);
  }

  all(): readonly Reservation[] {
    return [...this.entries.values()];
  }

  /** Those whose pins this node drives for somebody, or did until now. */
  driven(): readonly Reservation[] {
    return this.all().filter(
      ({ isDriven, ownsHardware, phase }) =>
        isDriven && ownsHardware && (phase === "held" || phase === "setting-up"),
    );
  }

  /** Those whose end is still to come. */
  standing(): Ledger {
    return { entries: new Map([...this.entries].filter(([, { phase }]) => phase !== "ended")) };
  }

  findRequest(requestKey: string): Reservation | undefined {
    return this.all().find(({ record, phase }) => record.requestKey === requestKey && phase !== "ended");
  }
}
