import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { MachineTime } from "@pi-controller/gpio";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/**
 * Time that goes on over restarts of this process, for as long as the kernel runs: `hrtime` is its CLOCK_MONOTONIC
 * (clock_gettime(2)). Where there is no boot id, each start counts as one of the machine.
 */
export function machineTime(): MachineTime {
  return { bootId: bootId(), uptimeMs: () => Number(process.hrtime.bigint()) / 1e6 };
}

function bootId(): string {
  try {
    return readFileSync(BOOT_ID, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error) return randomUUID();
    throw error;
  }
}
