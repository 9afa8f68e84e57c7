import type { Clock, Timer } from "@pi-controller/runtime";
import type { Expiry } from "./expiry.ts";
import type { LeaseFile } from "./lease-file.ts";

/** How long the file may lag behind grants: whoever grants and releases a lot writes it four times a second. */
const NOTED_WITHIN_MS = 250;

export interface LeaseNotesComponents {
  readonly leases: Pick<LeaseFile, "save">;
  readonly expiry: Pick<Expiry, "look">;
  readonly clock: Pick<Clock, "setTimer">;
  readonly onError: (error: unknown, what: string) => void;
}

/** Has the timer of ends and the lease file follow when ends of leases have changed. */
export class LeaseNotes {
  readonly #components: LeaseNotesComponents;
  #timer: Timer | undefined;

  constructor(components: LeaseNotesComponents) {
    this.#components = components;
  }

  /** For what is renewed: it is in the file when this resolves. Never throws. */
  async now(): Promise<void> {
    this.#components.expiry.look();
    this.cancel();
    try {
      await this.#components.leases.save();
    } catch (error) {
      this.#components.onError(error, "Could not note when leases end: a restart may end them early");
    }
  }

  /** For what is granted: the record on the disk says its first end, until the file does. */
  soon(): void {
    this.#components.expiry.look();
    this.#timer ??= this.#components.clock.setTimer(() => void this.now(), NOTED_WITHIN_MS);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
