import type { I2cOperation } from "@pi-controller/schema";

/** Port: I2C buses of the header. Operations on one bus never overlap. */
export interface I2cDriver {
  /** Numbers of the buses that there are. */
  buses(): readonly number[];
  /**
   * Addresses from 0x03 to 0x77 that answer. Careful with devices that take a read or quick write amiss; source of the
   * method: i2cdetect of i2c-tools.
   *
   * @throws MeshError NOT_FOUND when there is no such bus, PERMISSION_DENIED when this process may not use it,
   *   FAILED_PRECONDITION when a native part is missing (says what to install), UNAVAILABLE
   */
  scan(bus: number): Promise<readonly number[]>;
  /**
   * Does all of them in order, with nobody else of this process on the bus in between; the first that fails ends it.
   *
   * @returns the bytes of each read, null for each write
   * @throws MeshError UNAVAILABLE when the device does not answer (says at which operation), UNIMPLEMENTED for `write`
   *   and `read` where the bus knows SMBus alone, otherwise as `scan`
   */
  transact(
    bus: number,
    address: number,
    operations: readonly I2cOperation[],
  ): Promise<readonly (readonly number[] | null)[]>;
  /** Closes what is open. */
  stop(): Promise<void>;
}
