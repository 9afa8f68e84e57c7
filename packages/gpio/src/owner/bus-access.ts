import type { PinHardware } from "@pi-controller/hardware";
import {
  type BusResult,
  type I2cTransaction,
  MeshError,
  type ReservationId,
  type SpiTransaction,
} from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import { ChangeQueue } from "./change-queue.ts";
import { guarded } from "./guard.ts";
import type { HardwareCalls } from "./hardware-calls.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";
import type { Stops } from "./stops.ts";

export interface BusAccessComponents {
  readonly hardware: PinHardware;
  readonly calls: HardwareCalls;
  readonly registry: Registry;
  readonly stops: Stops;
  readonly machineTime: MachineTime;
}

/**
 * Transactions with devices on buses. Each bus has a line of its own here, so that the lease is looked at when the
 * turn has come, and not when the request came.
 */
export class BusAccess {
  readonly #components: BusAccessComponents;
  readonly #queues = new Map<string, ChangeQueue>();
  /** Buses that have not answered what was asked of them last, however long nobody waits for it any more. */
  readonly #busy = new Set<string>();

  constructor(components: BusAccessComponents) {
    this.#components = components;
  }

  /** As `PinOwner.i2c`. Under an emergency stop devices are still read by register. */
  async i2c(id: ReservationId, transaction: I2cTransaction, asking: OwnerAsking): Promise<BusResult> {
    const { hardware } = this.#components;
    const { token, operations } = transaction;
    const writes = operations.some(({ op }) => op === "write" || op === "write-register");
    const { bus, address } = i2cDeviceOf(this.#check(id, token, "i2c", writes, asking));
    const results = await this.#inTurn(`i2c-${bus}`, () => {
      this.#check(id, token, "i2c", writes, asking);
      return hardware.i2c.transact(bus, address, operations);
    });
    return { results: results.map((bytes) => bytes && [...bytes]) };
  }

  /** As `PinOwner.spi`. Nobody knows what a transfer does to a device: none under an emergency stop. */
  async spi(id: ReservationId, transaction: SpiTransaction, asking: OwnerAsking): Promise<BusResult> {
    const { hardware } = this.#components;
    const { token, transfers, ...settings } = transaction;
    const device = this.#check(id, token, "spi", true, asking).record.resource.replace("spi-", "");
    const results = await this.#inTurn(`spi-${device}`, () => {
      this.#check(id, token, "spi", true, asking);
      const bytes = transfers.map((transfer) => transfer.bytes);
      return hardware.spi.transact(device, settings, bytes);
    });
    return { results: results.map((read) => [...read]) };
  }

  /** As `PinOwner.scan`, for somebody who may. */
  async scan(bus: number): Promise<readonly number[]> {
    const { hardware } = this.#components;
    if (!hardware.i2c.buses().includes(bus)) {
      throw new MeshError("NOT_FOUND", `There is no I2C bus ${bus} at this node`);
    }
    return this.#inTurn(`i2c-${bus}`, () => hardware.i2c.scan(bus));
  }

  /** @param call of the driver, made when the turn has come */
  #inTurn<T>(bus: string, call: () => Promise<T>): Promise<T> {
    let queue = this.#queues.get(bus);
    if (queue === undefined) {
      queue = new ChangeQueue();
      this.#queues.set(bus, queue);
    }
    return queue.run(async () => {
      // The driver would do it whenever the bus answers again, be the lease over by then or not.
      if (this.#busy.has(bus)) throw new MeshError("UNAVAILABLE", `${bus} does not answer`);
      const answer = call();
      this.#busy.add(bus);
      const ended = () => void this.#busy.delete(bus);
      answer.then(ended, ended);
      return this.#components.calls.answered(answer);
    });
  }

  #check(
    id: ReservationId,
    token: string,
    kind: "i2c" | "spi",
    writes: boolean,
    { requester }: OwnerAsking,
  ): Reservation {
    const { registry, stops, machineTime } = this.#components;
    const nowMs = machineTime.uptimeMs();
    const found = guarded(registry, id, token, requester, nowMs);
    if (found instanceof MeshError) throw found;
    if (found.record.mode.kind !== kind) {
      const message = `expected the reservation of a device on ${kind}: it is one of ${found.record.resource}`;
      throw new MeshError("INVALID_ARGUMENT", `Invalid id: ${message}`, {
        fields: [{ field: "id", message }],
      });
    }
    const refusal = writes ? stops.refusal() : undefined;
    if (refusal !== undefined) throw refusal;
    found.lastWriteMs = nowMs;
    return found;
  }
}

/** @param reservation of a resource as `i2c-1:0x48` */
function i2cDeviceOf({ record }: Reservation): { readonly bus: number; readonly address: number } {
  const [bus = "", address = ""] = record.resource.slice("i2c-".length).split(":");
  return { bus: Number(bus), address: Number(address) };
}
