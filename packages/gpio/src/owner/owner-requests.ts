import type { PinHardware } from "@pi-controller/hardware";
import type { Clock } from "@pi-controller/runtime";
import {
  type BusResult,
  type EmergencyStop,
  type I2cTransaction,
  MeshError,
  type Renewal,
  type Renewed,
  type ReservationId,
  type SpiTransaction,
  type StopRequest,
  type Transfer,
  type Verb,
} from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import type { Limits } from "../ledger/ledger.ts";
import type { BusAccess } from "./bus-access.ts";
import type { ChangeQueue } from "./change-queue.ts";
import { describeOwn } from "./description.ts";
import type { Emergency } from "./emergency.ts";
import type { Endings } from "./endings.ts";
import type { Gate } from "./gate.ts";
import type { Granting, OwnRequest } from "./granting.ts";
import { demandRight } from "./guard.ts";
import type { Handover } from "./handover.ts";
import { asHardwareError } from "./hardware-calls.ts";
import type { Idempotency } from "./idempotency.ts";
import type { MachineTime } from "./machine-time.ts";
import type { OwnedReservation, OwnGpio, PinOwner, PinWrite, WriteResult } from "./pin-owner.ts";
import type { Pins } from "./pins.ts";
import type { Registry } from "./registry.ts";
import { type ReleaseOptions, release } from "./releasing.ts";
import type { Reservation } from "./reservation.ts";
import type { Stops } from "./stops.ts";
import { type Look, viewOf } from "./views.ts";
import type { Writes } from "./writes.ts";

export interface RequestParts {
  readonly gate: Gate;
  readonly hardware: PinHardware;
  readonly clock: Clock;
  readonly machineTime: MachineTime;
  readonly limits: Limits;
  readonly registry: Registry;
  readonly queue: ChangeQueue;
  readonly pins: Pins;
  readonly stops: Stops;
  readonly idempotency: Idempotency;
  readonly endings: Endings;
  readonly granting: Granting;
  readonly handover: Handover;
  readonly writes: Writes;
  readonly buses: BusAccess;
  readonly emergency: Emergency;
  /** Pins have become free. */
  readonly onFreed: () => Promise<void>;
}

/** What each request does is in the part that does it; here is who gets in, and when. */
export class OwnerRequests implements PinOwner {
  readonly #parts: RequestParts;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  async describe(): Promise<OwnGpio> {
    this.#parts.gate.demandOpen();
    const { hardware, registry, stops, limits } = this.#parts;
    const { boardMilliwatts } = limits;
    const asOf = this.#now().asOf;
    return describeOwn({ hardware, registry, stops: stops.all(), boardMilliwatts, asOf });
  }

  async list(
    ids: readonly ReservationId[] | undefined,
    { requester }: OwnerAsking,
  ): Promise<readonly OwnedReservation[]> {
    this.#parts.gate.demandOpen();
    const { registry } = this.#parts;
    const asked = ids === undefined ? registry.all() : ids.flatMap((id) => registry.get(id) ?? []);
    const shown = asked.filter(({ record: { id, namespace }, phase }) => {
      const may = (access: { verb: Verb; name?: string }) =>
        requester.refusal({ resource: "gpio", namespace, ...access }) === undefined;
      // It answers lists and looks at single ones alike.
      return phase !== "ended" && (may({ verb: "get", name: id }) || may({ verb: "list" }));
    });
    const look = await this.#look(shown);
    const now = this.#now();
    return shown
      .map((reservation) => viewOf(registry, reservation, now, look))
      .sort((one, other) => (one.record.id < other.record.id ? -1 : 1));
  }

  async reserve(request: OwnRequest, asking: OwnerAsking): Promise<OwnedReservation> {
    this.#parts.gate.demandOpen();
    demandRight(asking.requester, "create", request.namespace);
    const { idempotency, queue, granting } = this.#parts;
    const reservation = await idempotency.once(asking, { operation: "reserve", request }, () =>
      queue.run(() => granting.reserve(request, asking)),
    );
    return this.#view(reservation);
  }

  async renew(id: ReservationId, renewal: Renewal, asking: OwnerAsking): Promise<Renewed> {
    this.#parts.gate.demandOpen();
    const { idempotency, handover } = this.#parts;
    return idempotency.once(asking, { operation: "renew", id, renewal }, () =>
      handover.renew(id, renewal, asking),
    );
  }

  async transfer(id: ReservationId, transfer: Transfer, asking: OwnerAsking): Promise<OwnedReservation> {
    this.#parts.gate.demandOpen();
    const { idempotency, queue, handover } = this.#parts;
    const request = { operation: "transfer", id, transfer };
    const reservation = await idempotency.once(asking, request, () =>
      queue.run(() => handover.transfer(id, transfer, asking)),
    );
    return this.#view(reservation);
  }

  async release(id: ReservationId, options: ReleaseOptions, asking: OwnerAsking): Promise<void> {
    this.#parts.gate.demandOpen();
    const { idempotency, queue } = this.#parts;
    await idempotency.once(asking, { operation: "release", id, options }, () =>
      queue.run(() => release(this.#parts, id, options, asking)),
    );
  }

  async write(writes: readonly PinWrite[], asking: OwnerAsking): Promise<readonly WriteResult[]> {
    this.#parts.gate.demandOpen();
    const { idempotency, writes: pins } = this.#parts;
    const request = { operation: "write", writes };
    // A write that is refused now, as under an emergency stop, may pass when it is tried again.
    const isDone = (results: readonly WriteResult[]) => results.some((result) => !("error" in result));
    return idempotency.once(asking, request, () => pins.write(writes, asking), isDone);
  }

  async i2c(id: ReservationId, transaction: I2cTransaction, asking: OwnerAsking): Promise<BusResult> {
    this.#parts.gate.demandOpen();
    const { idempotency, buses } = this.#parts;
    const request = { operation: "i2c", id, transaction };
    return idempotency.once(asking, request, () => buses.i2c(id, transaction, asking));
  }

  async spi(id: ReservationId, transaction: SpiTransaction, asking: OwnerAsking): Promise<BusResult> {
    this.#parts.gate.demandOpen();
    const { idempotency, buses } = this.#parts;
    const request = { operation: "spi", id, transaction };
    return idempotency.once(asking, request, () => buses.spi(id, transaction, asking));
  }

  async scan(bus: number, { requester }: OwnerAsking): Promise<readonly number[]> {
    this.#parts.gate.demandOpen();
    const refusal = requester.refusal({ verb: "create", resource: "gpio", namespace: { any: true } });
    if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
    return this.#parts.buses.scan(bus);
  }

  /**
   * Not behind the queue, nor refused before the ledger is there: it has to work when nothing else does. Nor is it ever
   * one that was done before: a stop under the same idempotency key may have been cleared since.
   */
  async stop(
    request: StopRequest,
    asking: OwnerAsking,
    ofMesh?: EmergencyStop,
  ): Promise<readonly EmergencyStop[]> {
    const { emergency, stops } = this.#parts;
    await emergency.set(request, asking, ofMesh);
    return stops.of("node");
  }

  async clear(ids: readonly string[] | undefined, asking: OwnerAsking): Promise<readonly EmergencyStop[]> {
    this.#parts.gate.demandOpen();
    const { idempotency, emergency, stops } = this.#parts;
    await idempotency.once(asking, { operation: "clear", ids }, () => emergency.clear(ids, asking));
    return stops.of("node");
  }

  async #look(reservations: readonly Reservation[]): Promise<Look> {
    try {
      return { levels: await this.#parts.pins.look(reservations), problem: undefined };
    } catch (error) {
      return { levels: new Map(), problem: asHardwareError(error) };
    }
  }

  #view(reservation: Reservation): OwnedReservation {
    return viewOf(this.#parts.registry, reservation, this.#now());
  }

  #now(): { readonly uptimeMs: number; readonly asOf: string } {
    const { machineTime, clock } = this.#parts;
    return { uptimeMs: machineTime.uptimeMs(), asOf: new Date(clock.now()).toISOString() };
  }
}
