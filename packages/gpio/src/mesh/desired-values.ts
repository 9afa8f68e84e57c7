import { type Clock, RateLimiter } from "@pi-controller/runtime";
import {
  type Access,
  type DesiredRecord,
  type GpioView,
  type GpioWrite,
  MeshError,
  type NodeId,
  type ReservationId,
  type ReservationRecord,
} from "@pi-controller/schema";
import type { Asking, Requester } from "../asking.ts";
import { desiredCollection, reservationsCollection } from "../collections.ts";
import { desiredDigest } from "../owner/desired-digest.ts";
import type { GpioDocuments, TrustedNow } from "./ports.ts";

export interface DesiredValuesComponents {
  readonly documents: GpioDocuments;
  readonly now: TrustedNow;
  readonly clock: Pick<Clock, "monotonic">;
}

/** The owner's clock may be ahead of ours; what it goes by is `applyBefore`. */
const SIGNED_LONGER_MS = 60_000;
/** For each reservation: each one is a write to the memory cards of all nodes. */
const RATE = { perSecond: 0.5, burst: 20, maxSenders: 1_024 };
const MOST_SIGNED_MS = 7 * 24 * 3_600_000;

/** Values that wait in the mesh document for owners that are away. */
export class DesiredValues {
  readonly #components: DesiredValuesComponents;
  readonly #rate = new RateLimiter(RATE);

  constructor(components: DesiredValuesComponents) {
    this.#components = components;
  }

  /**
   * What waits for the owner of a reservation, as views show it; null: nothing. Who has put it there only the owner
   * finds out; what it will not even look at is not shown.
   */
  pendingOf(id: ReservationId, node: NodeId): GpioView["pending"] {
    const { documents, now } = this.#components;
    const record = documents.mesh.collection(desiredCollection).get(id);
    if (record === undefined || record.id !== id || record.node !== node) return null;
    if (Date.parse(record.applyBefore) <= now()) return null;
    const { token, value, writtenAt, applyBefore } = record;
    return { token, value, writtenAt, applyBefore };
  }

  /** Takes out what was left for an owner: something else was written since. Throws as `WritableDocument.transact`. */
  async withdraw(id: ReservationId, node: NodeId): Promise<void> {
    const { mesh } = this.#components.documents;
    const left = mesh.collection(desiredCollection).get(id);
    if (left?.id !== id || left.node !== node) return;
    await mesh.transact((transaction) => {
      // One that was left meanwhile stays.
      const isSame = transaction.get(desiredCollection, id)?.signature === left.signature;
      if (isSame) transaction.delete(desiredCollection, id);
    });
  }

  /**
   * Leaves a value for an owner that is away; one that was left before it is replaced. On this disk when it resolves.
   * Whether it is good is the owner's to say: what is refused here is what the owner would refuse by what it wrote
   * down last.
   *
   * @returns the reservation as its owner wrote it down
   * @throws MeshError NOT_FOUND, PERMISSION_DENIED, ABORTED (another token), FAILED_PRECONDITION (nothing to drive),
   *   RESOURCE_EXHAUSTED (too many in a short time), and as `Asking.signIntent`
   */
  async leave(
    id: ReservationId,
    node: NodeId,
    { token, value }: GpioWrite,
    applyWithinMs: number,
    asking: Asking,
  ): Promise<ReservationRecord> {
    const { documents, now, clock } = this.#components;
    const record = documents.node(node).collection(reservationsCollection).get(id);
    if (record === undefined) {
      throw new MeshError("NOT_FOUND", "The owner is out of reach, and has not told of such a reservation");
    }
    expectHolder(record, asking.requester);
    if (record.state !== "granted" || record.token !== token) {
      throw new MeshError("ABORTED", "The token is not that of the grant that stands");
    }
    if (record.mode.kind !== "output" && record.mode.kind !== "pwm") {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `${record.resource} is not driven: it is ${record.mode.kind}`,
      );
    }
    const retryAfterMs = this.#rate.take(id, clock.monotonic());
    if (retryAfterMs > 0) {
      const message = "Values that wait for their owner are kept by all nodes: leave the last one alone";
      throw new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs });
    }
    const nowMs = now();
    const applyBefore = new Date(nowMs + applyWithinMs).toISOString();
    const writtenAt = new Date(nowMs).toISOString();
    const digest = desiredDigest({ id, node, token, value, writtenAt, applyBefore });
    const validForMs = Math.min(applyWithinMs + SIGNED_LONGER_MS, MOST_SIGNED_MS);
    const signature = await asking.signIntent(digest, validForMs);
    const desired: DesiredRecord = {
      id,
      node,
      token,
      value,
      writtenAt,
      applyBefore,
      signature,
    };
    await documents.mesh.transact((transaction) => {
      // What no owner came back for in time: nobody else would ever take it out.
      for (const { id: other, applyBefore: until } of transaction.all(desiredCollection)) {
        if (Date.parse(until) <= nowMs) transaction.delete(desiredCollection, other);
      }
      transaction.put(desiredCollection, id, desired);
    });
    return record;
  }
}

function expectHolder({ id, namespace, holder }: ReservationRecord, requester: Requester): void {
  const access: Access = { verb: "update", resource: "gpio", namespace, name: id };
  const refusal = requester.refusal(access);
  if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
  const isHolder =
    holder.userId === null ? holder.userName === requester.userName : holder.userId === requester.userId;
  if (!isHolder) throw new MeshError("PERMISSION_DENIED", `It is held by ${holder.userName}`);
}
