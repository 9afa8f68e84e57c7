import type {
  BusResult,
  EmergencyStop,
  FencingToken,
  GpioValue,
  I2cTransaction,
  NodeGpio,
  Observed,
  Renewal,
  Renewed,
  ReservationId,
  ReservationRecord,
  ReservationRequest,
  SpiTransaction,
  StopRequest,
  Transfer,
} from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";

/** One of its reservations as the owner tells it. */
export interface OwnedReservation {
  readonly record: ReservationRecord;
  readonly gpio: number | null;
  readonly position: number | null;
  readonly remainingMs: number | null;
  readonly observed: Observed;
  /** By the owner's wall clock. */
  readonly asOf: string;
}

export interface PinWrite {
  readonly id: ReservationId;
  readonly token: FencingToken;
  readonly value: GpioValue;
}

/** Of one write among several. */
export type WriteResult =
  | { readonly id: ReservationId; readonly observed: Observed }
  | { readonly id: ReservationId; readonly error: { readonly code: string; readonly detail: string } };

/** `NodeGpio` without what the asking peer knows itself. */
export type OwnGpio = Omit<NodeGpio, "node" | "nodeName" | "status" | "membership">;

/**
 * What can be asked of the owner of pins. All of it throws MeshError: PERMISSION_DENIED; NOT_FOUND for a reservation
 * that is not, or not any more; ABORTED for a token that is not that of the grant that stands (the pin has another
 * holder, or the term is over); FAILED_PRECONDITION while an emergency stop stands, for what somebody else holds, and
 * where the hardware is not there; RESOURCE_EXHAUSTED for quotas and budgets; INVALID_ARGUMENT that names the field.
 *
 * @typeParam Asker on whose behalf it is asked
 */
export interface PinCalls<Asker> {
  /** Those asked for that there are; all when none is named. Only those that the requester may get. */
  list(ids: readonly ReservationId[] | undefined, asking: Asker): Promise<readonly OwnedReservation[]>;
  /** On the disk before it resolves. @throws ALREADY_EXISTS when the resource is taken and waiting was not asked for */
  reserve(request: Omit<ReservationRequest, "node">, asking: Asker): Promise<OwnedReservation>;
  renew(id: ReservationId, renewal: Renewal, asking: Asker): Promise<Renewed>;
  transfer(id: ReservationId, transfer: Transfer, asking: Asker): Promise<OwnedReservation>;
  /** What is there no more is released: no error. */
  release(
    id: ReservationId,
    options: { readonly token: FencingToken | undefined; readonly force: boolean },
    asking: Asker,
  ): Promise<void>;
  /** Those that can be made are made, in one call of the driver as far as it goes. One result each, in their order. */
  write(writes: readonly PinWrite[], asking: Asker): Promise<readonly WriteResult[]>;
  i2c(id: ReservationId, transaction: I2cTransaction, asking: Asker): Promise<BusResult>;
  spi(id: ReservationId, transaction: SpiTransaction, asking: Asker): Promise<BusResult>;
  scan(bus: number, asking: Asker): Promise<readonly number[]>;
  /**
   * Leaves every output in its safe state, before anything else; latched, on the disk when it resolves.
   *
   * @param ofMesh set when all nodes stop: this record is put into the mesh document, where it may be already, instead
   *   of one of this node's own into its own. It needs the right for all nodes, and `by` has to be who asks
   */
  stop(request: StopRequest, asking: Asker, ofMesh?: EmergencyStop): Promise<readonly EmergencyStop[]>;
  /** Clears the stops of this node alone. Outputs stay safe until somebody writes again. */
  clear(ids: readonly string[] | undefined, asking: Asker): Promise<readonly EmergencyStop[]>;
}

/**
 * What a node does with its own pins. It alone grants, and checks every token at the call of the driver; who asks has
 * been authenticated, whether he may is checked in here.
 */
export interface PinOwner extends PinCalls<OwnerAsking> {
  describe(): Promise<OwnGpio>;
}
