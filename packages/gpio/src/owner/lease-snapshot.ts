import type { Leases } from "./lease-file.ts";
import { ulidOf } from "./lease-terms.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Registry } from "./registry.ts";

/** The ends of all leases as they are now, for the lease file. */
export function leaseSnapshot(
  registry: Registry,
  machineTime: MachineTime,
  trustedNow: () => number,
): Leases {
  const leases = registry.all().flatMap(({ id, phase, endsAtMs, ttlMs }) => {
    const stands = phase === "held" || phase === "setting-up";
    return stands && endsAtMs !== null && ttlMs !== null ? [[ulidOf(id), { endsAtMs, ttlMs }] as const] : [];
  });
  return {
    bootId: machineTime.bootId,
    uptimeMs: machineTime.uptimeMs(),
    wallMs: trustedNow(),
    leases: Object.fromEntries(leases),
  };
}
