import type { PinHardware } from "@pi-controller/hardware";
import type { Clock, Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { BoardRules } from "./board-rules.ts";
import type { ChangeQueue } from "./change-queue.ts";
import type { ChangeFeed } from "./changes.ts";
import type { AlarmKind } from "./components.ts";
import type { DesiredWatch } from "./desired-watch.ts";
import type { Emergency } from "./emergency.ts";
import type { Expiry } from "./expiry.ts";
import type { Gate } from "./gate.ts";
import type { HardwareCalls } from "./hardware-calls.ts";
import type { LateRecords } from "./late-records.ts";
import type { LeaseFile } from "./lease-file.ts";
import type { LeaseNotes } from "./lease-notes.ts";
import type { PinChanges } from "./pin-changes.ts";
import type { PinOwner } from "./pin-owner.ts";
import type { Registry } from "./registry.ts";
import type { Repairs } from "./repairs.ts";
import type { Safety } from "./safety.ts";
import type { Stops } from "./stops.ts";
import { within } from "./within.ts";

/** What is under way at a stop is waited for, as long as a disk takes that works. */
const STOP_TIMEOUT_MS = 5_000;

export interface OwnerServiceParts {
  readonly owner: PinOwner;
  readonly feed: ChangeFeed;
  readonly gate: Gate;
  readonly hardware: PinHardware;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: BoardRules;
  readonly registry: Registry;
  readonly queue: ChangeQueue;
  readonly leases: LeaseFile;
  readonly calls: HardwareCalls;
  readonly safety: Safety;
  readonly stops: Stops;
  readonly pinChanges: PinChanges;
  readonly expiry: Expiry;
  readonly emergency: Emergency;
  readonly desired: DesiredWatch;
  readonly late: LateRecords;
  readonly repairs: Repairs;
  /** Pins have become free. */
  readonly onFreed: () => Promise<void>;
  readonly notes: LeaseNotes;
}

/** The life of the owner of this node's pins. */
export class OwnerService implements Service {
  readonly name = "pin-owner";
  /** What can be asked of it: refused as UNAVAILABLE before the start and after the stop. */
  readonly owner: PinOwner;
  /** What happens at the pins of this node. */
  readonly changes: ChangeFeed;
  readonly #parts: OwnerServiceParts;
  readonly #subscriptions: Unsubscribe[] = [];
  #isStarted = false;
  #isRestored = false;

  constructor(parts: OwnerServiceParts) {
    this.#parts = parts;
    this.owner = parts.owner;
    this.changes = parts.feed;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { rules, stops, late, hardware, pinChanges, expiry, emergency, desired } = this.#parts;
    this.#isStarted = true;
    rules.open();
    stops.open();
    const leases = await this.#loadLeases();
    this.#subscriptions.push(hardware.gpio.observe((edges) => pinChanges.edges(edges)));
    await late.start(leases);
    this.#isRestored = true;
    signal.throwIfAborted();
    this.#subscriptions.push(late.observe());
    this.#parts.gate.open();
    expiry.start();
    emergency.start();
    desired.start();
    this.#parts.queue
      .always(() => this.#parts.onFreed())
      .catch((error: unknown) =>
        this.#parts.logger.warn({ err: error }, "Could not grant who waits in line"),
      );
    await this.#parts.notes.now();
  }

  /** Outputs go to their safe states, since nobody looks after them from here on; their leases go on. */
  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#parts.gate.close();
    const { expiry, repairs, emergency, desired, queue, registry, safety, clock, logger } = this.#parts;
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    expiry.stop();
    repairs.stop();
    emergency.stop();
    try {
      const underWay = Promise.all([desired.stop(), queue.drained()]);
      await within(clock, STOP_TIMEOUT_MS, "What is under way at the pins", underWay);
    } catch (error) {
      logger.warn({ err: error }, "Stopping without waiting any longer");
    }
    // Also those whose leases are over, and that could not be made safe until now.
    const ended = registry.all().filter(({ phase, ownsHardware }) => phase === "ended" && ownsHardware);
    const unsafe = await safety.makeSafe([...registry.driven(), ...ended], "ended");
    if (unsafe.length > 0) {
      const resources = unsafe.map(({ record }) => record.resource);
      logger.error({ resources }, "Pins are not in their safe state");
    }
    this.#parts.calls.stop();
    // What was not read in full does not take the place of what is written there.
    if (this.#isRestored) await this.#parts.notes.now();
    else this.#parts.notes.cancel();
    await this.#parts.leases.close();
  }

  /** What the machine measures has become bad, or good again: what that does to outputs, the policy says. */
  onAlarm(kind: AlarmKind, on: boolean): void {
    this.#parts.emergency.onAlarm(kind, on);
  }

  async #loadLeases(): ReturnType<LeaseFile["load"]> {
    try {
      return await this.#parts.leases.load();
    } catch (error) {
      this.#parts.logger.warn({ err: error }, "Could not read when leases end: what was granted counts");
      return undefined;
    }
  }
}
