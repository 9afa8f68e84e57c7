import type { MeshError } from "@pi-controller/schema";
import { ulidFactory } from "@pi-controller/telemetry";
import { BoardRules } from "./board-rules.ts";
import { BusAccess } from "./bus-access.ts";
import { ChangeQueue } from "./change-queue.ts";
import { ChangeRing } from "./change-ring.ts";
import type { PinOwnerComponents, PinOwnerOptions } from "./components.ts";
import { DesiredWatch } from "./desired-watch.ts";
import { Emergency } from "./emergency.ts";
import { Endings } from "./endings.ts";
import { EventBudget } from "./event-budget.ts";
import { Expiry } from "./expiry.ts";
import { Gate } from "./gate.ts";
import { Granting } from "./granting.ts";
import { Handover } from "./handover.ts";
import { HardwareCalls } from "./hardware-calls.ts";
import { Idempotency } from "./idempotency.ts";
import { LateRecords } from "./late-records.ts";
import { LeaseFile } from "./lease-file.ts";
import { LeaseNotes } from "./lease-notes.ts";
import { leaseSnapshot } from "./lease-snapshot.ts";
import { OwnerRequests } from "./owner-requests.ts";
import { OwnerService } from "./owner-service.ts";
import { PinChanges } from "./pin-changes.ts";
import { Pins } from "./pins.ts";
import { Records } from "./records.ts";
import { Registry } from "./registry.ts";
import { Repairs } from "./repairs.ts";
import type { Reservation } from "./reservation.ts";
import { Restoring } from "./restoring.ts";
import { RisingIds } from "./rising-ids.ts";
import { Safety } from "./safety.ts";
import { sealedReservations, sealedStops } from "./sealing.ts";
import { Stops } from "./stops.ts";
import { tenantLimits } from "./tenant-limits.ts";
import { Tokens } from "./tokens.ts";
import { Writes } from "./writes.ts";

/**
 * Puts together the owner of this node's pins. Its hardware has to have started before it does.
 *
 * @returns a service, with what can be asked of it (`owner`), what happens at its pins (`changes`), and where alarms
 *   of the machine go (`onAlarm`)
 */
export function createPinOwner(given: PinOwnerComponents, options: PinOwnerOptions): OwnerService {
  const components = { ...given, events: new EventBudget(given) };
  const { hardware, own, mesh, clock, logger, machineTime, trustedNow, events } = components;
  const nextUlid = ulidFactory({ clock: { now: trustedNow }, random: components.random });

  const registry = new Registry();
  const ids = new RisingIds({ nextUlid, present: () => registry.entries.keys() }, options);
  const queue = new ChangeQueue();
  const calls = new HardwareCalls({ clock });
  const gate = new Gate();
  const rules = new BoardRules({ hardware });
  const { stored } = components;
  const records = new Records({ own, sealed: sealedReservations(components) });
  const stops = new Stops({ own, mesh, stored, sealed: sealedStops(components) });
  const tokens = new Tokens(options);
  const limits = tenantLimits(components, () => hardware.header.limits.boardMilliwatts);
  const idempotency = new Idempotency({ clock });
  const feed = new ChangeRing(String(options.bootEpoch));
  const pinChanges = new PinChanges({ registry, ring: feed, clock }, options);

  const onError = (error: unknown, what: string) => logger.warn({ err: error }, what);
  const onFault = (reservation: Reservation, { message }: MeshError) => {
    const { pin, record } = reservation;
    if (pin.fault === null) {
      events.emit("gpio.hardware.failed", { resource: record.resource, problem: message }, undefined);
    }
    pin.fault = message;
  };
  const enqueue = (change: () => Promise<void>) => {
    queue.always(change).catch((error: unknown) => onError(error, "A change of a reservation has failed"));
  };
  const onUnfinished = () => repairs.needed();
  const onFreed = () => granting.grantNext();

  const leases = new LeaseFile({
    snapshot: () => leaseSnapshot(registry, machineTime, trustedNow),
    page: components.leasePage,
  });
  const pins = new Pins({ hardware, calls, changes: pinChanges, clock, onFault });
  const safety = new Safety({ hardware, calls, pins, changes: pinChanges, onFault });
  const endings = new Endings({ registry, records, safety, events, logger, onUnfinished });
  const bringUp = { pins, safety, stops };
  const granting = new Granting({
    ...components,
    ...bringUp,
    registry,
    records,
    endings,
    rules,
    limits,
    tokens,
    newId: () => ids.next(),
    onTerms: () => notes.soon(),
    onUnfinished,
    onError,
  });
  const repairs = new Repairs({ ...components, ...bringUp, registry, endings, enqueue, onFreed });
  const expiry = new Expiry({
    registry,
    clock,
    machineTime,
    onOverdue: (ended) => {
      const endingsBegun = ended.map(({ reservation, reason }) =>
        endings.begin([reservation], reason, "owner"),
      );
      enqueue(async () => {
        for (const ending of endingsBegun) await endings.finish(ending, { correlationId: undefined });
        await onFreed();
      });
    },
  });
  const notes = new LeaseNotes({ leases, expiry, clock, onError });
  const restoring = new Restoring({
    ...bringUp,
    registry,
    endings,
    rules,
    tokens,
    now: () => ({ bootId: machineTime.bootId, uptimeMs: machineTime.uptimeMs(), wallMs: trustedNow() }),
    enqueue,
    onFreed,
    onUnfinished,
    onError,
  });
  const late = new LateRecords({
    ...components,
    records,
    registry,
    tokens,
    restore: (...found) => restoring.restore(...found),
    enqueue,
    onTerms: () => notes.soon(),
    onFreed,
  });
  const writes = new Writes({ registry, stops, pins, records, machineTime, trustedNow });
  const emergency = new Emergency(
    {
      ...components,
      stops,
      registry,
      records,
      safety,
      newId: nextUlid,
      onUnfinished,
      onCleared: () => enqueue(onFreed),
      onError,
    },
    options,
  );
  const desired = new DesiredWatch({ ...components, registry, records, writes, onError }, options);
  const parts = { ...components, gate, registry, queue, calls, pins, safety, stops, rules, limits, records };
  const owner = new OwnerRequests({
    ...parts,
    idempotency,
    endings,
    granting,
    handover: new Handover({ ...components, registry, records, tokens, onRenewed: () => notes.now() }),
    writes,
    buses: new BusAccess({ hardware, calls, registry, stops, machineTime }),
    emergency,
    onFreed,
  });
  return new OwnerService({
    ...parts,
    owner,
    feed,
    leases,
    pinChanges,
    expiry,
    emergency,
    desired,
    late,
    repairs,
    onFreed,
    notes,
  });
}
