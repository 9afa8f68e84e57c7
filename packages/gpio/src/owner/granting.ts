import { canonicalJson } from "@pi-controller/document";
import { MeshError, type ReservationRecord, type ReservationRequest } from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import { decide } from "../ledger/decide.ts";
import type { Limits, ResourceRules } from "../ledger/ledger.ts";
import { nextInLine } from "../ledger/next-in-line.ts";
import { settleMode } from "../ledger/settle-mode.ts";
import { isDriven, keepOf, validateRequest } from "../ledger/validate-request.ts";
import { type BringUpComponents, bringUp } from "./bring-up.ts";
import type { GpioEvents } from "./components.ts";
import type { Endings } from "./endings.ts";
import { eventDataOf } from "./event-data.ts";
import { asHardwareError } from "./hardware-calls.ts";
import { otherRequest, requestKeyOf } from "./idempotency.ts";
import { uptimeEndIn } from "./lease-terms.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import { Reservation } from "./reservation.ts";
import type { Tokens } from "./tokens.ts";

export type OwnRequest = Omit<ReservationRequest, "node">;

export interface GrantingComponents extends BringUpComponents {
  readonly registry: Registry;
  readonly records: Records;
  readonly endings: Endings;
  readonly rules: ResourceRules;
  readonly limits: Limits;
  readonly tokens: Tokens;
  readonly events: GpioEvents;
  readonly machineTime: MachineTime;
  readonly trustedNow: () => number;
  /** As `PinOwnerComponents.knowsUser`. */
  readonly knowsUser: (userName: string) => { readonly userId: string | null } | undefined;
  /** Ids rise: that is the order in line. */
  readonly newId: () => string;
  /** Ends of leases are others than before. The record says the first end. */
  readonly onTerms: () => void;
  readonly onUnfinished: () => void;
  readonly onError: (error: unknown, what: string) => void;
}

/** Grants reservations. All of it runs in the queue of changes. */
export class Granting {
  readonly #components: GrantingComponents;

  constructor(components: GrantingComponents) {
    this.#components = components;
  }

  /** As `PinOwner.reserve`, for somebody who may. */
  async reserve(request: OwnRequest, asking: OwnerAsking): Promise<Reservation> {
    const { registry, rules, stops, limits, machineTime, trustedNow } = this.#components;
    validateRequest(request);
    const resource = rules.canonical(request.resource);
    const repeated = this.#repeated({ ...request, resource }, asking);
    if (repeated !== undefined) return repeated;
    const mode = settleMode(registry, rules, resource, request.mode);
    const claims = rules.claims(resource, mode);
    const refusal = isDriven(mode) ? stops.refusal() : undefined;
    if (refusal !== undefined) throw refusal;
    const record = this.#waitingRecord({ ...request, resource, mode }, asking);
    const { preempt, waitMs } = request;
    const at = { uptimeMs: machineTime.uptimeMs(), wallMs: trustedNow() };
    const decision = decide(registry, { record, claims, preempt, mayWait: waitMs > 0 }, limits, at);
    const reservation = new Reservation(record, claims, "waiting");
    switch (decision.kind) {
      case "refuse":
        throw decision.error;
      case "wait":
        await this.#wait(reservation, waitMs, asking);
        break;
      case "grant":
        await this.#takeFrom(decision.preempted, reservation, asking);
        break;
    }
    return reservation;
  }

  /** Gives those in line what has become free. */
  async grantNext(): Promise<void> {
    const { registry, limits, stops } = this.#components;
    await this.#dismissGone();
    for (const id of nextInLine(registry, limits)) {
      const reservation = registry.get(id);
      if (reservation?.phase !== "waiting") continue;
      if (stops.current !== undefined && reservation.isDriven) continue;
      await this.#grantWaiting(reservation);
    }
  }

  /** Who may not even log in any more gets nothing, and holds up nobody. */
  async #dismissGone(): Promise<void> {
    const { registry, endings, knowsUser } = this.#components;
    const gone = registry
      .all()
      .filter(
        ({ phase, record: { holder } }) =>
          phase === "waiting" &&
          holder.userId !== null &&
          knowsUser(holder.userName)?.userId !== holder.userId,
      );
    if (gone.length === 0) return;
    await endings.finish(endings.begin(gone, "gave up waiting", "owner"), { correlationId: undefined });
  }

  async #wait(reservation: Reservation, waitMs: number, { correlationId }: OwnerAsking): Promise<void> {
    const { registry, records, machineTime, events, onTerms } = this.#components;
    await records.replace([], reservation.record);
    reservation.endsAtMs = machineTime.uptimeMs() + waitMs;
    registry.add(reservation);
    events.emit("gpio.reservation.waiting", eventDataOf(reservation), correlationId);
    onTerms();
  }

  async #takeFrom(
    preempted: readonly string[],
    reservation: Reservation,
    asking: OwnerAsking,
  ): Promise<void> {
    const { registry, records, endings, events, onTerms } = this.#components;
    const { correlationId, requester } = asking;
    const leaving = preempted.flatMap((id) => registry.get(id) ?? []);
    const record = this.#grantedRecord(reservation);
    if (leaving.length > 0) {
      const ending = endings.begin(leaving, "preempted", requester.userName);
      const unsafe = await endings.finish(ending, { grant: record, correlationId });
      if (unsafe.length > 0) {
        const { resource } = reservation.record;
        throw new MeshError("UNAVAILABLE", `${resource} was taken from its holder, but is not safe yet`);
      }
    } else {
      await records.replace([], record);
    }
    this.#begin(reservation, record);
    try {
      const isUp = await bringUp(this.#components, reservation);
      const refusal = this.#components.stops.refusal();
      if (!isUp) throw refusal ?? new MeshError("UNAVAILABLE", `${record.resource} could not be set up`);
    } catch (error) {
      await this.#takeBack(reservation, error);
      // Those behind the holder whom it took it from would wait for somebody else to let go.
      if (leaving.length > 0) await this.grantNext();
      throw asHardwareError(error);
    }
    events.emit("gpio.reservation.granted", eventDataOf(reservation), correlationId);
    onTerms();
  }

  /** The record is on the disk: it holds. */
  #begin(reservation: Reservation, record: ReservationRecord): void {
    const { registry, machineTime } = this.#components;
    const nowMs = machineTime.uptimeMs();
    reservation.record = record;
    reservation.phase = "setting-up";
    reservation.endsAtMs = record.ttlMs === null ? null : nowMs + record.ttlMs;
    reservation.lastWriteMs = nowMs;
    registry.add(reservation);
  }

  /** A grant that nobody has heard of, and whose pin cannot be set up. */
  async #takeBack(reservation: Reservation, cause: unknown): Promise<void> {
    const { safety, registry, records, onUnfinished, onError } = this.#components;
    reservation.phase = "ended";
    reservation.end = { reason: "not restored", by: reservation.record.holder.userName };
    const unsafe = await safety.makeSafe([reservation], "ended");
    onError(cause, `Could not set up ${reservation.record.resource}`);
    // A driver that says no has done nothing; of one that failed nobody knows what it has done.
    const mayDrive = unsafe.length > 0 && asHardwareError(cause).code === "UNAVAILABLE";
    if (mayDrive) {
      onUnfinished();
      return;
    }
    try {
      await records.replace([reservation.id]);
      registry.forget(reservation);
    } catch (error) {
      onError(error, "Could not take back a grant whose pin could not be set up");
      onUnfinished();
    }
  }

  async #grantWaiting(reservation: Reservation): Promise<void> {
    const { records, events, onTerms, onUnfinished, onError } = this.#components;
    const record = this.#grantedRecord(reservation);
    try {
      await records.replace([], record);
    } catch (error) {
      onError(error, "Could not grant a pin to the next in line");
      onUnfinished();
      return;
    }
    // Gave up while this was on its way to the disk: who ended it takes the record away.
    if (reservation.phase === "ended") return;
    this.#begin(reservation, record);
    try {
      if (!(await bringUp(this.#components, reservation))) onUnfinished();
    } catch (error) {
      // It holds, with a fault: the pin is set up as soon as that is possible.
      onError(error, `Could not set up ${record.resource}`);
      onUnfinished();
    }
    events.emit("gpio.reservation.granted", eventDataOf(reservation), undefined);
    onTerms();
  }

  #grantedRecord({ record }: Reservation): ReservationRecord {
    const { tokens, machineTime, trustedNow } = this.#components;
    const nowMs = trustedNow();
    const { uptimeEnd: _, ...asked } = record;
    return {
      ...asked,
      state: "granted",
      token: tokens.next(),
      grantedAt: new Date(nowMs).toISOString(),
      waitsUntil: null,
      expiresAt: record.ttlMs === null ? null : new Date(nowMs + record.ttlMs).toISOString(),
      ...uptimeEndIn(record.ttlMs, machineTime),
    };
  }

  #waitingRecord(request: OwnRequest, asking: OwnerAsking): ReservationRecord {
    const { newId, machineTime, trustedNow } = this.#components;
    const { waitMs, preempt: _, ...terms } = request;
    const nowMs = trustedNow();
    const { userName, userId } = asking.requester;
    return {
      ...terms,
      id: newId(),
      keep: keepOf(request),
      holder: { userName, userId },
      state: "waiting",
      token: null,
      requestedAt: new Date(nowMs).toISOString(),
      grantedAt: null,
      waitsUntil: new Date(nowMs + waitMs).toISOString(),
      ...uptimeEndIn(waitMs, machineTime),
      expiresAt: null,
      desired: null,
      requestKey: requestKeyOf(asking),
    };
  }

  /** The grant of the same request, from before a restart. @throws MeshError INVALID_ARGUMENT when it is another request */
  #repeated(request: OwnRequest, asking: OwnerAsking): Reservation | undefined {
    const key = requestKeyOf(asking);
    const found = key === null ? undefined : this.#components.registry.findRequest(key);
    if (found === undefined) return undefined;
    if (!isOf(found.record, request)) throw otherRequest();
    return found;
  }
}

/** Whether a record is what came of a request. */
function isOf(record: ReservationRecord, request: OwnRequest): boolean {
  const { waitMs: _, preempt: __, mode, keep: ___, ...terms } = request;
  const same = Object.entries(terms).every(
    ([name, value]) => canonicalJson(value) === canonicalJson(record[name as keyof typeof terms]),
  );
  const recorded = record.mode;
  const isSettled = mode.kind === "pwm" && recorded.kind === "pwm" && mode.method === "auto";
  const asRecorded = isSettled ? { ...mode, method: recorded.method } : mode;
  return same && keepOf(request) === record.keep && canonicalJson(asRecorded) === canonicalJson(recorded);
}
