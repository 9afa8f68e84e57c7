import type {
  BusResult,
  EmergencyStop,
  FencingToken,
  I2cTransaction,
  Renewal,
  Renewed,
  ReservationId,
  ReservationRequest,
  SpiTransaction,
  StopRequest,
  Transfer,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import type { OwnedReservation, OwnGpio, PinWrite, WriteResult } from "../owner/pin-owner.ts";

/**
 * The pins of one node, wherever it is: `PinOwner` is this for its own node, `RemotePins` for any other. Throws as
 * `PinOwner`; for another node UNAVAILABLE and DEADLINE_EXCEEDED as well, and PERMISSION_DENIED when it does not believe
 * who asks.
 */
export interface NodePins {
  describe(asking: Asking): Promise<OwnGpio>;
  list(ids: readonly ReservationId[] | undefined, asking: Asking): Promise<readonly OwnedReservation[]>;
  reserve(request: Omit<ReservationRequest, "node">, asking: Asking): Promise<OwnedReservation>;
  renew(id: ReservationId, renewal: Renewal, asking: Asking): Promise<Renewed>;
  transfer(id: ReservationId, transfer: Transfer, asking: Asking): Promise<OwnedReservation>;
  release(
    id: ReservationId,
    options: { readonly token: FencingToken | undefined; readonly force: boolean },
    asking: Asking,
  ): Promise<void>;
  write(writes: readonly PinWrite[], asking: Asking): Promise<readonly WriteResult[]>;
  i2c(id: ReservationId, transaction: I2cTransaction, asking: Asking): Promise<BusResult>;
  spi(id: ReservationId, transaction: SpiTransaction, asking: Asking): Promise<BusResult>;
  scan(bus: number, asking: Asking): Promise<readonly number[]>;
  stop(request: StopRequest, asking: Asking, ofMesh?: EmergencyStop): Promise<readonly EmergencyStop[]>;
  clear(ids: readonly string[] | undefined, asking: Asking): Promise<readonly EmergencyStop[]>;
}
