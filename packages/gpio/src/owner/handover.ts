import {
  MeshError,
  type Renewal,
  type Renewed,
  type ReservationId,
  type Transfer,
} from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import type { GpioEvents } from "./components.ts";
import { eventDataOf } from "./event-data.ts";
import { guarded } from "./guard.ts";
import { requestKeyOf } from "./idempotency.ts";
import { uptimeEndIn } from "./lease-terms.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";
import type { Tokens } from "./tokens.ts";

export interface HandoverComponents {
  readonly registry: Registry;
  readonly records: Records;
  readonly tokens: Tokens;
  readonly machineTime: MachineTime;
  readonly trustedNow: () => number;
  readonly knowsUser: (userName: string) => { readonly userId: string | null } | undefined;
  readonly events: GpioEvents;
  /** A term begins anew. @returns when it is noted down */
  readonly onRenewed: () => Promise<void>;
}

/** What its holder does with a lease: lets it go on, or gives it to somebody else. */
export class Handover {
  readonly #components: HandoverComponents;

  constructor(components: HandoverComponents) {
    this.#components = components;
  }

  /** As `PinOwner.renew`. It is in the lease file when it resolves, and nowhere else: no document, no sync. */
  async renew(id: ReservationId, { token, ttlMs }: Renewal, asking: OwnerAsking): Promise<Renewed> {
    const reservation = this.#guarded(id, token, asking);
    if (reservation.endsAtMs === null || reservation.ttlMs === null) {
      if (ttlMs === undefined) return { id, token, remainingMs: null };
      const message = "expected none: the reservation stands until it is released";
      throw new MeshError("INVALID_ARGUMENT", `Invalid renewal: ttlMs: ${message}`, {
        fields: [{ field: "ttlMs", message }],
      });
    }
    reservation.ttlMs = ttlMs ?? reservation.ttlMs;
    reservation.endsAtMs = this.#components.machineTime.uptimeMs() + reservation.ttlMs;
    await this.#components.onRenewed();
    return { id, token, remainingMs: reservation.ttlMs };
  }

  /** As `PinOwner.transfer`; in the queue of changes. The term begins anew with the new holder. */
  async transfer(id: ReservationId, transfer: Transfer, asking: OwnerAsking): Promise<Reservation> {
    const { records, tokens, machineTime, trustedNow, events, onRenewed } = this.#components;
    const requestKey = requestKeyOf(asking);
    const repeated = this.#repeated(id, transfer, requestKey);
    if (repeated !== undefined) return repeated;
    const reservation = this.#guarded(id, transfer.token, asking);
    const holder = this.#holder(transfer.to);
    const from = reservation.record.holder.userName;
    const token = tokens.next();
    const nowMs = trustedNow();
    const { ttlMs } = reservation;
    await records.change([reservation], (record) => ({
      ...record,
      holder,
      token,
      purpose: transfer.purpose ?? record.purpose,
      grantedAt: new Date(nowMs).toISOString(),
      ttlMs,
      expiresAt: ttlMs === null ? null : new Date(nowMs + ttlMs).toISOString(),
      ...uptimeEndIn(ttlMs, machineTime),
      requestKey,
    }));
    if (reservation.phase === "ended") {
      throw new MeshError("ABORTED", `The lease of ${reservation.record.resource} is over`);
    }
    const uptimeMs = machineTime.uptimeMs();
    reservation.endsAtMs = ttlMs === null ? null : uptimeMs + ttlMs;
    reservation.lastWriteMs = uptimeMs;
    events.emit("gpio.reservation.transferred", { ...eventDataOf(reservation), from }, asking.correlationId);
    await onRenewed();
    return reservation;
  }

  /** The same was asked for before a restart. */
  #repeated(id: ReservationId, { to }: Transfer, requestKey: string | null): Reservation | undefined {
    const found = this.#components.registry.get(id);
    if (requestKey === null || found === undefined || found.phase === "ended") return undefined;
    const { record } = found;
    return record.requestKey === requestKey && record.holder.userName === to ? found : undefined;
  }

  #holder(userName: string): { readonly userName: string; readonly userId: string | null } {
    const user = this.#components.knowsUser(userName);
    if (user !== undefined) return { userName, userId: user.userId };
    const message = "expected the name of a user: there is none of this name";
    throw new MeshError("INVALID_ARGUMENT", `Invalid transfer: to: ${message}`, {
      fields: [{ field: "to", message }],
    });
  }

  #guarded(id: ReservationId, token: string, { requester }: OwnerAsking): Reservation {
    const { registry, machineTime } = this.#components;
    const found = guarded(registry, id, token, requester, machineTime.uptimeMs());
    if (found instanceof MeshError) throw found;
    return found;
  }
}
