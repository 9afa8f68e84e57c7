import type { WritableDocument } from "@pi-controller/document";
import type { Clock, Timer, Unsubscribe } from "@pi-controller/runtime";
import { type DesiredRecord, MeshError, type NodeId } from "@pi-controller/schema";
import type { GpioEvidence } from "../asking.ts";
import { desiredCollection } from "../collections.ts";
import type { GpioEvents } from "./components.ts";
import { desiredDigest } from "./desired-digest.ts";
import { eventDataOf } from "./event-data.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Writes } from "./writes.ts";

/** Reservations whose last value is remembered: far more than a board has. */
const MAX_REMEMBERED = 1_024;
/** Hardware or disk that does not work now may work again before the value is too late. */
const TRY_AGAIN_MS = 10_000;

export interface DesiredWatchComponents {
  readonly mesh: WritableDocument;
  readonly evidence: Pick<GpioEvidence, "verifyIntent">;
  readonly registry: Registry;
  readonly records: Records;
  readonly writes: Writes;
  readonly events: GpioEvents;
  readonly clock: Clock;
  readonly trustedNow: () => number;
  readonly onError: (error: unknown, what: string) => void;
}

/**
 * Writes what users left in the mesh document for this node while it was away. Any member can put something there, so
 * only what a user has signed counts, and it has to pass the checks that any write does.
 */
export class DesiredWatch {
  readonly #components: DesiredWatchComponents;
  readonly #node: NodeId;
  /**
   * What some user did sign, and was looked at last for each reservation. Whoever puts it, or an older one, into the
   * document again, does not bring it back over what was written since.
   */
  readonly #done = new Map<string, Pick<DesiredRecord, "signature" | "writtenAt">>();
  #unsubscribe: Unsubscribe | undefined;
  #running: Promise<void> | undefined;
  #isDirty = false;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(components: DesiredWatchComponents, options: { readonly node: NodeId }) {
    this.#components = components;
    this.#node = options.node;
  }

  start(): void {
    this.#unsubscribe = this.#components.mesh.collection(desiredCollection).observe(() => this.#look());
    this.#look();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await this.#running;
  }

  /** Looks once more when it is looking already. */
  #look(): void {
    this.#isDirty = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      // What came in the turn in which the work ended.
      if (this.#isDirty && !this.#isStopped) this.#look();
    });
  }

  async #work(): Promise<void> {
    const { mesh, onError } = this.#components;
    const collection = mesh.collection(desiredCollection);
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false;
      for (const desired of collection.all()) {
        if (this.#isStopped) return;
        // The key that it is under is not its own: a hostile record, and not to be found again by its id.
        const isItself = collection.get(desired.id)?.signature === desired.signature;
        if (desired.node !== this.#node || !isItself) continue;
        try {
          await this.#take(desired);
        } catch (error) {
          onError(error, "Could not take a value that was written while this node was away");
          this.#tryAgain();
        }
      }
    }
  }

  async #take(desired: DesiredRecord): Promise<void> {
    const { id, signature } = desired;
    if (this.#done.get(id)?.signature !== signature) {
      const reason = await this.#refusal(desired);
      if (reason !== undefined) this.#discard(desired, reason);
    }
    await this.#writeDown(desired);
    const { mesh } = this.#components;
    await mesh.transact((transaction) => {
      // One that was written over it meanwhile stays to be looked at.
      const current = transaction.get(desiredCollection, id);
      if (current?.signature === signature) transaction.delete(desiredCollection, id);
    });
  }

  /** So that a restart does not make it new to this node. Never of what nobody has signed. */
  async #writeDown({ id, signature, writtenAt }: DesiredRecord): Promise<void> {
    const { registry, records } = this.#components;
    const reservation = registry.get(id);
    if (reservation === undefined || this.#done.get(id)?.signature !== signature) return;
    if (writtenAt <= (reservation.record.desiredAt ?? "")) return;
    await records.change([reservation], (record) => ({ ...record, desiredAt: writtenAt }));
  }

  #remember({ id, signature, writtenAt }: DesiredRecord): void {
    this.#done.delete(id);
    this.#done.set(id, { signature, writtenAt });
    if (this.#done.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#done.keys()) {
      this.#done.delete(oldest);
      break;
    }
  }

  /** @returns why it was not written. @throws MeshError when that may be otherwise later */
  async #refusal(desired: DesiredRecord): Promise<string | undefined> {
    const { evidence, registry, writes, trustedNow } = this.#components;
    const { id, token, value, signature, writtenAt, applyBefore } = desired;
    if (trustedNow() >= Date.parse(applyBefore)) return "too late";
    try {
      const requester = await evidence.verifyIntent(signature, desiredDigest(desired));
      const before = this.#done.get(id)?.writtenAt ?? registry.get(id)?.record.desiredAt ?? "";
      if (writtenAt < before) return "older than what was written or looked at before it";
      const isOverwritten = Date.parse(writtenAt) < (registry.get(id)?.valueOfMs ?? 0);
      if (isOverwritten) return "older than what was written since";
      // The very same, from before a restart: it was taken then.
      if (writtenAt === before && !this.#done.has(id)) return undefined;
      const asking = { requester, correlationId: id, idempotencyKey: undefined };
      const [result] = await writes.write([{ id, token, value }], asking, Date.parse(writtenAt));
      const refused = result !== undefined && "error" in result ? result.error : undefined;
      if (refused !== undefined && isTransient(refused.code)) {
        throw new MeshError("UNAVAILABLE", refused.detail);
      }
      this.#remember(desired);
      return refused?.detail;
    } catch (error) {
      if (error instanceof MeshError && !isTransient(error.code)) return error.message;
      throw error;
    }
  }

  #discard({ id }: DesiredRecord, reason: string): void {
    const { registry, events } = this.#components;
    const reservation = registry.get(id);
    const data =
      reservation === undefined
        ? { reservation: id, resource: "", namespace: "", name: null, holder: "" }
        : eventDataOf(reservation);
    events.emit("gpio.desired.discarded", { ...data, reason }, undefined);
  }

  #tryAgain(): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#components.clock.setTimer(() => this.#look(), TRY_AGAIN_MS);
  }
}

/** Whether it may be otherwise before the value is too late. */
function isTransient(code: string): boolean {
  return code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED" || code === "RESOURCE_EXHAUSTED";
}
