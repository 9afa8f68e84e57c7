import type { ReadonlyDocument, WritableDocument } from "@pi-controller/document";
import type { PinHardware } from "@pi-controller/hardware";
import type { Clock, Logger, Random, UnsyncedPage } from "@pi-controller/runtime";
import type { EventData, EventType, NodeId } from "@pi-controller/schema";
import type { GpioEvidence } from "../asking.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Seal } from "./sealing.ts";
import type { StoredAtStart } from "./stored-at-start.ts";

export type GpioEventType = Extract<EventType, `gpio.${string}`>;

/** Port: where the owner tells what happened. */
export interface GpioEvents {
  emit<Type extends GpioEventType>(
    type: Type,
    data: EventData<Type>,
    correlationId: string | undefined,
  ): void;
}

/** Why a node stops its outputs by itself. */
export type AlarmKind = "under-voltage" | "over-temperature";

export interface PinOwnerComponents {
  /** Started before the owner and stopped after it, by whoever made it. */
  readonly hardware: PinHardware;
  /** This node's own document: what is granted, and its stops. */
  readonly own: WritableDocument;
  /** Proves what this node wrote there itself, in all of its lives. */
  readonly seal: Seal;
  /** What its disk says, of the same document and seal; read at the start, if it was not before. */
  readonly stored: StoredAtStart;
  /** Whether this node had no documents when it started: then it takes grants back that others have kept for it. */
  readonly wasLost: () => boolean;
  /** Stops, quotas and policy of all nodes, and values for pins whose owner was away. */
  readonly mesh: WritableDocument;
  /** The other nodes' own documents, for what tenants hold there. */
  readonly otherNodes: () => Iterable<{ readonly node: NodeId; readonly document: ReadonlyDocument }>;
  readonly events: GpioEvents;
  readonly evidence: Pick<GpioEvidence, "verifyIntent">;
  /** @returns undefined when the mesh has no such user, or he is disabled */
  readonly knowsUser: (userName: string) => { readonly userId: string | null } | undefined;
  readonly machineTime: MachineTime;
  /** Where renewed ends of leases survive this process; for this owner alone. */
  readonly leasePage: UnsyncedPage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Wall clock in ms since 1970 that never lies before what is known to have happened: for ends over a reboot. */
  readonly trustedNow: () => number;
}

export interface PinOwnerOptions {
  readonly node: NodeId;
  /** Grows with each start: the first part of every token. */
  readonly bootEpoch: number;
}
