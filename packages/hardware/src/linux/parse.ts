import type { MetricsSample } from "@pi-controller/schema";

type NetworkCounters = MetricsSample["network"][number];

/** Time that all CPUs together have spent since the machine started, in clock ticks. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/**
 * Reads the first line of /proc/stat. Waiting for a disk counts as idle; time of guests is already
 * inside user time (proc(5)).
 *
 * @throws Error when the file looks different
 */
export function parseCpuTimes(procStat: string): CpuTimes {
  const line = /^cpu +([\d ]+)$/m.exec(procStat)?.[1];
  const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0] = (line ?? "")
    .split(" ")
    .map(Number);
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) {
    throw new Error("/proc/stat has no line that starts with cpu");
  }
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
}

/** Share of time that the CPUs were busy between two readings, 0 to 1; null when no time passed. */
export function cpuUsage(before: CpuTimes, after: CpuTimes): number | null {
  const total = after.total - before.total;
  if (total <= 0) return null;
  // The kernel's idle counters can step back a little, so that a share may fall outside.
  return Math.min(Math.max((after.busy - before.busy) / total, 0), 1);
}

/**
 * Reads /proc/meminfo. Used is what programs could not get: total less `MemAvailable`.
 *
 * @throws Error when one of both is missing
 */
export function parseMemory(procMeminfo: string): { usedBytes: number; totalBytes: number } {
  const kibibytes = (name: string) => {
    const text = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(procMeminfo)?.[1];
    if (text === undefined) throw new Error(`/proc/meminfo has no ${name}`);
    return Number(text);
  };
  const totalBytes = kibibytes("MemTotal") * 1024;
  return { totalBytes, usedBytes: Math.max(totalBytes - kibibytes("MemAvailable") * 1024, 0) };
}

/** @throws Error when /proc/loadavg does not start with three numbers */
export function parseLoad(procLoadavg: string): [number, number, number] {
  const [one, five, fifteen] = procLoadavg.split(" ").map(Number);
  if (
    one === undefined ||
    five === undefined ||
    fifteen === undefined ||
    Number.isNaN(one + five + fifteen)
  ) {
    throw new Error("/proc/loadavg does not start with three numbers");
  }
  return [one, five, fifteen];
}

/**
 * @returns seconds since the machine started
 * @throws Error when /proc/uptime does not start with a number
 */
export function parseUptime(procUptime: string): number {
  const seconds = Number.parseFloat(procUptime);
  if (Number.isNaN(seconds)) throw new Error("/proc/uptime does not start with a number");
  return seconds;
}

/** Reads /proc/net/dev: two lines of headings, then name and 16 counters a line; 1st and 9th are bytes. */
export function parseNetworkCounters(procNetDev: string): NetworkCounters[] {
  return procNetDev
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const [name = "", counters = ""] = line.split(":");
      const numbers = counters.trim().split(/ +/).map(Number);
      const [receivedBytes, sentBytes] = [numbers[0], numbers[8]];
      if (name.trim() === "" || receivedBytes === undefined || sentBytes === undefined) return [];
      return [{ name: name.trim(), receivedBytes, sentBytes }];
    });
}

/** Value of one `KEY=value` or `KEY="value"` line, as in /etc/os-release. */
export function parseAssignment(text: string, key: string): string | undefined {
  return new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1];
}

/** Value of one `Key : value` line of /proc/cpuinfo, the last one when there are several. */
export function parseCpuInfo(cpuInfo: string, key: string): string | undefined {
  return [...cpuInfo.matchAll(new RegExp(`^${key}\\s*: *(.*)$`, "gm"))].at(-1)?.[1]?.trim();
}
