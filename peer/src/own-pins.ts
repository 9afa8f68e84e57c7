import type { ChangeFeed, OwnerService, PinOwner } from "@pi-controller/gpio";
import type { PinHardware } from "@pi-controller/hardware";
import type { Logger, Service } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";

/** What drives the pins, once it is known what the machine is. */
export interface OpenedPins {
  readonly hardware: PinHardware;
  readonly service: OwnerService;
}

export interface OwnPinsComponents {
  /** Finds out what the machine is, and puts together what drives its pins. Starts nothing. */
  readonly open: () => Promise<OpenedPins>;
  readonly logger: Logger;
}

/**
 * The pins of this machine from the first moment: finding out what a machine is can take longer than all else that a
 * peer does to start, so what is asked meanwhile waits for it.
 */
export class OwnPins implements Service {
  readonly name = "pins";
  readonly #components: OwnPinsComponents;
  readonly #stopping = new AbortController();
  #opening: Promise<OpenedPins> = Promise.reject(new MeshError("UNAVAILABLE", "This peer does not run"));
  #opened: OpenedPins | undefined;

  constructor(components: OwnPinsComponents) {
    this.#components = components;
    this.#opening.catch(() => undefined);
  }

  async start(): Promise<void> {
    this.#opening = this.#open();
    this.#opening.catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#components.logger.error({ err: error }, "The pins of this machine cannot be used");
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new MeshError("UNAVAILABLE", "This peer stops"));
    await this.#opening.catch(() => undefined);
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.service.stop();
    await opened?.hardware.stop();
  }

  /** Tells the owner of an alarm of the board; one before the owner is there is told again while it lasts. */
  onAlarm(...alarm: Parameters<OwnerService["onAlarm"]>): void {
    this.#opening.then(
      ({ service }) => service.onAlarm(...alarm),
      () => {
        // Said already when it failed; there are no outputs then.
      },
    );
  }

  /** What the owner does with its pins, as soon as it can. */
  readonly owner: PinOwner = {
    describe: async () => (await this.#ready()).describe(),
    list: async (...asked) => (await this.#ready()).list(...asked),
    reserve: async (...asked) => (await this.#ready()).reserve(...asked),
    renew: async (...asked) => (await this.#ready()).renew(...asked),
    transfer: async (...asked) => (await this.#ready()).transfer(...asked),
    release: async (...asked) => (await this.#ready()).release(...asked),
    write: async (...asked) => (await this.#ready()).write(...asked),
    i2c: async (...asked) => (await this.#ready()).i2c(...asked),
    spi: async (...asked) => (await this.#ready()).spi(...asked),
    scan: async (...asked) => (await this.#ready()).scan(...asked),
    stop: async (...asked) => (await this.#ready()).stop(...asked),
    clear: async (...asked) => (await this.#ready()).clear(...asked),
  };

  /** Empty until the owner is there. */
  readonly changes: ChangeFeed = {
    cursor: () => this.#opened?.service.changes.cursor() ?? "",
    read: (cursor, limit) =>
      this.#opened?.service.changes.read(cursor, limit) ?? { cursor, changes: [], coalesced: 0 },
    observe: (listener) => {
      let unsubscribe = this.#opened?.service.changes.observe(listener);
      let isOver = false;
      if (unsubscribe === undefined) {
        this.#opening.then(
          ({ service }) => {
            if (!isOver) unsubscribe = service.changes.observe(listener);
          },
          () => {
            // There is nothing to observe then.
          },
        );
      }
      return () => {
        isOver = true;
        unsubscribe?.();
      };
    },
  };

  async #ready(): Promise<PinOwner> {
    return (this.#opened ?? (await this.#opening)).service.owner;
  }

  async #open(): Promise<OpenedPins> {
    const { signal } = this.#stopping;
    const opened = await this.#components.open();
    signal.throwIfAborted();
    await opened.hardware.start(signal);
    try {
      await opened.service.start(signal);
    } catch (error) {
      // It may have set pins up already, which nobody would look after.
      await opened.service.stop();
      await opened.hardware.stop();
      throw error;
    }
    this.#opened = opened;
    return opened;
  }
}
