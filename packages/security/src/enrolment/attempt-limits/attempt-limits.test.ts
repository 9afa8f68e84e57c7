import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { wipePaths } from "../../files/wipe-paths.ts";
import { temporaryDirectory } from "../../trust/testing.ts";
import { AttemptLimits } from "./attempt-limits.ts";
import { lockOutFile } from "./lock-out-file.ts";

let directory: string;
let clock: VirtualClock;
const opened: AttemptLimits[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  clock = new VirtualClock();
});

afterEach(async () => {
  for (const limits of opened.splice(0)) await limits.saved();
  await wipePaths([directory]);
});

async function loaded(): Promise<AttemptLimits> {
  const store = lockOutFile({ logger: silentLogger }, join(directory, "lock-outs.json"));
  const limits = new AttemptLimits({ clock, logger: silentLogger, store });
  opened.push(limits);
  await limits.load();
  return limits;
}

async function failTimes(limits: AttemptLimits, times: number, address: string): Promise<void> {
  for (let count = 0; count < times; count++) {
    await clock.advance(2_000);
    limits.tryCode(address);
    limits.failed(address);
  }
}

const exhausted = expect.objectContaining({ code: "RESOURCE_EXHAUSTED" });

describe("limits on attempts with a set-up code", () => {
  it("let anybody be wrong four times, and lock out for a minute from the fifth time, then for twice as long", async () => {
    const limits = await loaded();
    await failTimes(limits, 4, "192.0.2.1");
    expect(limits.lockedMs("192.0.2.1")).toBe(0);
    await failTimes(limits, 1, "192.0.2.1");
    expect(limits.lockedMs("192.0.2.1")).toBe(60_000);
    expect(() => limits.tryCode("192.0.2.1")).toThrow(exhausted);
    await clock.advance(60_000);
    await failTimes(limits, 1, "192.0.2.1");
    expect(limits.lockedMs("192.0.2.1")).toBe(120_000);
  });

  it("lock nobody out for more than an hour", async () => {
    const limits = await loaded();
    for (let count = 0; count < 30; count++) {
      await clock.advance(3_600_000);
      limits.failed("192.0.2.1");
    }
    expect(limits.lockedMs("192.0.2.1")).toBe(3_600_000);
  });

  it("lock out one address, and nobody else", async () => {
    const limits = await loaded();
    await failTimes(limits, 5, "192.0.2.1");
    expect(() => limits.tryCode("192.0.2.2")).not.toThrow();
    // Of an IPv6 network, one machine has as many addresses as it likes.
    await failTimes(limits, 5, "2001:db8::1");
    expect(() => limits.tryCode("2001:db8::2")).toThrow(exhausted);
    expect(() => limits.tryCode("2001:db8:0:1::2")).not.toThrow();
  });

  it("outlive a restart", async () => {
    const limits = await loaded();
    await failTimes(limits, 6, "192.0.2.1").catch(() => undefined);
    await limits.saved();
    const again = await loaded();
    expect(again.lockedMs("192.0.2.1")).toBe(60_000);
    expect(again.lockedMs("192.0.2.2")).toBe(0);
  });

  it("write nothing as long as nobody is locked out", async () => {
    const limits = await loaded();
    await failTimes(limits, 4, "192.0.2.1");
    await limits.saved();
    await expect(readFile(join(directory, "lock-outs.json"))).rejects.toThrow("ENOENT");
  });

  it("start without lock-outs from a file that is damaged", async () => {
    await writeFile(join(directory, "lock-outs.json"), '{"192.0.2.1": "often"');
    expect((await loaded()).lockedMs("192.0.2.1")).toBe(0);
  });

  it("compare no more than one code a second over all addresses, after the first twenty", async () => {
    const limits = await loaded();
    let compared = 0;
    for (let count = 0; count < 1_000; count++) {
      try {
        limits.tryCode(`10.0.${count >> 8}.${count & 0xff}`);
        compared++;
      } catch (error) {
        expect(error).toEqual(exhausted);
      }
      await clock.advance(10);
    }
    expect(compared).toBeGreaterThanOrEqual(29);
    expect(compared).toBeLessThanOrEqual(30);
  });

  it("leave others their greetings, however many one address sends", async () => {
    const limits = await loaded();
    for (let count = 0; count < 1_000; count++) {
      await clock.advance(1);
      try {
        limits.greet("192.0.2.1");
      } catch (error) {
        expect(error).toEqual(exhausted);
      }
    }
    expect(() => limits.greet("192.0.2.2")).not.toThrow();
  });
});
