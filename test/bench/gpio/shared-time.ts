import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { MachineTime } from "@pi-controller/gpio";
import { type Clock, systemClock } from "@pi-controller/runtime";

/** What reads the time, for a bench's owner. */
export interface Times {
  readonly clock: Clock;
  readonly machineTime: MachineTime;
}

const EVERY_MS = 1;

/**
 * Clocks for a guest under User Mode Linux. There every read of the time is a system call that the host traps, 20 to
 * 50 us; a Pi's kernel answers it in the vDSO, without a system call (vdso(7)). So a thread of its own reads the time
 * once a millisecond and keeps it in shared memory, and all others read that: what this hides of a Pi's read is to be
 * measured on the host.
 */
export function sharedTimes(): { readonly times: Times; readonly stop: () => Promise<number> } {
  const memory = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
  const shown = new Float64Array(memory);
  show(shown);
  const worker = new Worker(new URL(import.meta.url), { workerData: memory });
  const monotonic = () => shown[0] ?? 0;
  return {
    times: {
      clock: { ...systemClock(), monotonic, now: () => shown[1] ?? 0 },
      machineTime: { bootId: "bench", uptimeMs: monotonic },
    },
    stop: () => worker.terminate(),
  };
}

function show(shown: Float64Array): void {
  shown[0] = performance.timeOrigin + performance.now();
  shown[1] = Date.now();
}

if (!isMainThread && workerData instanceof SharedArrayBuffer) {
  const shown = new Float64Array(workerData);
  setInterval(() => show(shown), EVERY_MS);
}
