import type { ReservationRecord } from "@pi-controller/schema";
import type { EndReason, ResourceRules } from "../ledger/ledger.ts";
import { type BringUpComponents, bringUp } from "./bring-up.ts";
import type { Ending, Endings } from "./endings.ts";
import { asHardwareError } from "./hardware-calls.ts";
import type { Leases } from "./lease-file.ts";
import type { StartTimes } from "./lease-terms.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";
import { planRestore, type RestorePlan } from "./restore.ts";
import type { Tokens } from "./tokens.ts";

export interface RestoringComponents extends BringUpComponents {
  readonly registry: Registry;
  readonly endings: Endings;
  readonly rules: ResourceRules;
  readonly tokens: Tokens;
  readonly now: () => StartTimes;
  /** Runs something in the queue of changes. */
  readonly enqueue: (change: () => Promise<void>) => void;
  readonly onFreed: () => Promise<void>;
  readonly onUnfinished: () => void;
  readonly onError: (error: unknown, what: string) => void;
}

/** Goes on with what the disk says was granted. */
export class Restoring {
  readonly #components: RestoringComponents;

  constructor(components: RestoringComponents) {
    this.#components = components;
  }

  /**
   * Fills the registry and sets the pins up. What is over goes to its safe state at once; its records are taken away
   * in the queue, since the disk may take some time after a start.
   */
  async restore(records: readonly ReservationRecord[], leases: Leases | undefined): Promise<void> {
    const { registry, rules, tokens, now, enqueue } = this.#components;
    for (const record of records) tokens.observe(record);
    const plan = planRestore(records, registry.all(), leases, now(), rules);
    for (const reservation of plan.standing) registry.add(reservation);
    for (const { reservation } of plan.over) registry.add(reservation);
    const endings = this.#endAll(plan.over);
    await Promise.all([
      ...endings.map(({ unsafe }) => unsafe),
      ...plan.standing.map((reservation) => this.#bringUp(reservation)),
    ]);
    if (endings.length > 0) enqueue(() => this.#finishAll(endings));
  }

  #endAll(over: RestorePlan["over"]): readonly Ending[] {
    const byReason = new Map<EndReason, Reservation[]>();
    for (const { reservation, reason } of over) {
      byReason.set(reason, [...(byReason.get(reason) ?? []), reservation]);
    }
    return [...byReason].map(([reason, list]) => this.#components.endings.begin(list, reason, "owner"));
  }

  async #finishAll(endings: readonly Ending[]): Promise<void> {
    for (const ending of endings) await this.#components.endings.finish(ending, { correlationId: undefined });
    await this.#components.onFreed();
  }

  /** Hardware that fails keeps nobody from starting: it is tried again. */
  async #bringUp(reservation: Reservation): Promise<void> {
    if (reservation.phase === "waiting") return;
    const { onUnfinished, onError } = this.#components;
    try {
      if (!(await bringUp(this.#components, reservation)) && reservation.ownsHardware) onUnfinished();
    } catch (error) {
      reservation.pin.fault ??= asHardwareError(error).message;
      onError(error, `Could not set up ${reservation.record.resource} again`);
      onUnfinished();
    }
  }
}
