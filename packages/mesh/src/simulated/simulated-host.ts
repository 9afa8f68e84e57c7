import type { NodeId } from "@pi-controller/schema";
import type { SimulatedPeer } from "./simulated-peer.ts";
import { MachineCounters } from "./traffic-counters.ts";

/** A machine of a simulated network: its address and its kernel outlive its processes. */
export class SimulatedHost {
  readonly id: NodeId;
  /** Its place among all machines, from 0. */
  readonly index: number;
  readonly address: string;
  readonly counters = new MachineCounters();
  /** The process that runs there. */
  peer: SimulatedPeer | undefined;
  state: "on" | "paused" | "off" = "on";
  /** Monotonic ms. */
  stateSinceMs = 0;

  constructor(id: NodeId, index: number, address: string) {
    this.id = id;
    this.index = index;
    this.address = address;
  }

  /** Whether a process does something there, as one that is paused or gone does not. */
  runs(peer: SimulatedPeer): boolean {
    return this.peer === peer && this.state === "on";
  }
}
