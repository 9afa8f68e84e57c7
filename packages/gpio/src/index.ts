export type { Asking, GpioEvidence, OwnerAsking, Requester } from "./asking.ts";
export { stopsCollection } from "./collections.ts";
export * from "./mesh/index.ts";
export type { ChangeBatch, ChangeFeed } from "./owner/changes.ts";
export type {
  AlarmKind,
  GpioEvents,
  GpioEventType,
  PinOwnerComponents,
  PinOwnerOptions,
} from "./owner/components.ts";
export { createPinOwner } from "./owner/create-pin-owner.ts";
export type { MachineTime } from "./owner/machine-time.ts";
export type { OwnerService } from "./owner/owner-service.ts";
export type { OwnedReservation, OwnGpio, PinOwner, PinWrite, WriteResult } from "./owner/pin-owner.ts";
export type { Seal } from "./owner/sealing.ts";
export { StoredAtStart } from "./owner/stored-at-start.ts";
export type { ChangeStream, GpioUseCases } from "./use-cases.ts";
