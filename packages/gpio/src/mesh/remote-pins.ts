import { decodeJson, encodeJson, type Network } from "@pi-controller/mesh";
import {
  type BusResult,
  type EmergencyStop,
  type I2cTransaction,
  MeshError,
  type NodeId,
  type Renewal,
  type Renewed,
  type ReservationId,
  type ReservationRequest,
  type SpiTransaction,
  type StopRequest,
  type Transfer,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import type { OwnedReservation, OwnGpio, PinWrite, WriteResult } from "../owner/pin-owner.ts";
import { isIdOf } from "../reservation-id.ts";
import type { NodePins } from "./node-pins.ts";
import {
  CALL_METHOD,
  type CallAnswer,
  type CallArguments,
  MAX_ANSWER_BYTES,
  MAX_CALL_BYTES,
  type OwnerCall,
  ownerCalls,
} from "./owner-calls.ts";
import type { GpioNodes } from "./ports.ts";
import { answeredWith, noAnswerOfIts } from "./remote-errors.ts";
import { whileThere } from "./while-there.ts";

export interface RemotePinsComponents {
  readonly network: Pick<Network, "request">;
  readonly nodes: Pick<GpioNodes, "nameOf" | "observe" | "stateOf">;
}

/** The pins of another node, whose owner is asked over the mesh: once, within the time of who asks. */
export class RemotePins implements NodePins {
  readonly #components: RemotePinsComponents;
  readonly #node: NodeId;

  constructor(components: RemotePinsComponents, node: NodeId) {
    this.#components = components;
    this.#node = node;
  }

  describe(asking: Asking): Promise<OwnGpio> {
    return this.#call("describe", {}, asking);
  }

  async list(
    ids: readonly ReservationId[] | undefined,
    asking: Asking,
  ): Promise<readonly OwnedReservation[]> {
    const found = await this.#call("list", { ids: ids === undefined ? null : [...ids] }, asking);
    for (const reservation of found) this.#expectOwn(reservation);
    return found;
  }

  async reserve(request: Omit<ReservationRequest, "node">, asking: Asking): Promise<OwnedReservation> {
    return this.#expectOwn(await this.#call("reserve", { request }, asking));
  }

  async renew(id: ReservationId, renewal: Renewal, asking: Asking): Promise<Renewed> {
    const renewed = await this.#call("renew", { id, renewal }, asking);
    if (renewed.id !== id) throw noAnswerOfIts(this.#node);
    return renewed;
  }

  async transfer(id: ReservationId, transfer: Transfer, asking: Asking): Promise<OwnedReservation> {
    const transferred = await this.#call("transfer", { id, transfer }, asking);
    if (transferred.record.id !== id) throw noAnswerOfIts(this.#node);
    return transferred;
  }

  async release(
    id: ReservationId,
    { token, force }: { readonly token: string | undefined; readonly force: boolean },
    asking: Asking,
  ): Promise<void> {
    await this.#call("release", { id, token: token ?? null, force }, asking);
  }

  async write(writes: readonly PinWrite[], asking: Asking): Promise<readonly WriteResult[]> {
    const results = await this.#call("write", { writes: [...writes] }, asking);
    const isComplete =
      results.length === writes.length && results.every(({ id }, index) => id === writes[index]?.id);
    if (!isComplete) throw noAnswerOfIts(this.#node);
    return results;
  }

  i2c(id: ReservationId, transaction: I2cTransaction, asking: Asking): Promise<BusResult> {
    return this.#call("i2c", { id, transaction }, asking);
  }

  spi(id: ReservationId, transaction: SpiTransaction, asking: Asking): Promise<BusResult> {
    return this.#call("spi", { id, transaction }, asking);
  }

  scan(bus: number, asking: Asking): Promise<readonly number[]> {
    return this.#call("scan", { bus }, asking);
  }

  stop(request: StopRequest, asking: Asking, ofMesh?: EmergencyStop): Promise<readonly EmergencyStop[]> {
    return this.#call("stop", { request, ofMesh: ofMesh ?? null }, asking);
  }

  clear(ids: readonly string[] | undefined, asking: Asking): Promise<readonly EmergencyStop[]> {
    return this.#call("clear", { ids: ids === undefined ? null : [...ids] }, asking);
  }

  async #call<Name extends OwnerCall>(
    operation: Name,
    given: CallArguments<Name>,
    asking: Asking,
  ): Promise<CallAnswer<Name>> {
    const { correlationId, idempotencyKey = null, timeoutMs } = asking;
    const evidence = await asking.evidence(this.#node);
    const payload = encodeJson({ operation, arguments: given, evidence, correlationId, idempotencyKey });
    if (payload.byteLength > MAX_CALL_BYTES) {
      throw new MeshError("INVALID_ARGUMENT", `The request is longer than ${MAX_CALL_BYTES} bytes`);
    }
    const answer = await this.#request(payload, timeoutMs);
    if (answer.byteLength > MAX_ANSWER_BYTES) throw noAnswerOfIts(this.#node);
    const parsed = ownerCalls[operation].answer.safeParse(decodeJson(answer));
    if (!parsed.success) throw noAnswerOfIts(this.#node);
    return parsed.data as CallAnswer<Name>;
  }

  async #request(payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { network, nodes } = this.#components;
    return whileThere(nodes, this.#node, (signal) =>
      network.request(this.#node, CALL_METHOD, payload, { timeoutMs, signal }),
    ).catch((error: unknown) => {
      throw answeredWith(error, this.#node);
    });
  }

  #expectOwn(reservation: OwnedReservation): OwnedReservation {
    if (!isIdOf(this.#node, reservation.record.id)) throw noAnswerOfIts(this.#node);
    return reservation;
  }
}
