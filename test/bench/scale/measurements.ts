import type { MulticastLoad } from "./multicast.ts";
import type { TrafficRates } from "./traffic.ts";

/** What was measured in one mesh. Times are of the simulated clock. */
export interface Measurements extends TrafficRates {
  readonly peers: number;
  readonly meshBytes: number;
  /** Of all node documents together. */
  readonly nodeBytes: number;
  readonly steadySeconds: number;
  /** Until everybody took everybody for alive, when all were switched on within 3 s. */
  readonly startMs: number;
  readonly startCpuSeconds: number;
  /** With `trustMb`. */
  readonly memoryMb: number;
  readonly trustMb: number;
  readonly multicast: MulticastLoad;
  readonly connectionsMean: number;
  readonly connectionsMax: number;
  /** Without checking signatures, which is done once for all peers. */
  readonly cpuMsPerNodeSecond: number;
  readonly signaturesPerNodeSecond: number;
  readonly changeMs: number;
  readonly killedMs: number;
  readonly poweredOffMs: number;
  readonly restartedMs: number;
  readonly joinedMs: number;
}

/**
 * How long each mesh is left alone after its start, while news of all members go round, and then watched, ms: the larger
 * it is, the less time says as much.
 */
export const plans: ReadonlyMap<number, { readonly settleMs: number; readonly steadyMs: number }> = new Map([
  [10, { settleMs: 70_000, steadyMs: 60_000 }],
  [100, { settleMs: 70_000, steadyMs: 30_000 }],
  [500, { settleMs: 60_000, steadyMs: 10_000 }],
  [1_000, { settleMs: 150_000, steadyMs: 10_000 }],
]);
