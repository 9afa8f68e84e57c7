import { seededRandom, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedFile } from "./simulated-file.ts";

/** Two sectors of one letter each. */
const page = (letter: string) => Buffer.alloc(1_024, letter);

function newFile(seed = 1) {
  const clock = new VirtualClock();
  const disk = new SimulatedDisk({ clock, random: seededRandom(seed) });
  const open = () => new SimulatedFile({ disk }, { name: "leases" });
  const text = async () => Buffer.from(await open().read()).toString();
  return { clock, disk, open, text };
}

describe("a simulated file that is never synced", () => {
  test("loses nothing in a kill", async () => {
    const { disk, open, text } = newFile();
    const dead = open();
    await dead.write(page("a"));
    disk.kill();
    void dead.write(page("b"));
    expect(await text()).toBe(page("a").toString());
  });

  test("has after a power cut what was there before the last writes, or a torn one of them", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { clock, disk, open, text } = newFile(seed);
      await open().write(page("a"));
      await clock.advance(35_000);
      await open().write(page("b"));
      await clock.advance(15_000);
      disk.cutPower();
      outcomes.add((await text()).replaceAll(/(.)\1*/g, "$1"));
    }
    expect([...outcomes].sort()).toEqual(["a", "b", "ba"]);
  });

  test("is on the disk 35 s after it was written", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clock, disk, open, text } = newFile(seed);
      await open().write(page("a"));
      await clock.advance(35_000);
      disk.cutPower();
      expect(await text(), `seed ${seed}`).toBe(page("a").toString());
      expect(disk.bytesWritten).toBe(1_024);
    }
  });

  test("can be written over on a full disk, not made longer, and not at all on a broken one", async () => {
    const { disk, open, text } = newFile();
    await open().write(page("a"));
    disk.isFull = true;
    await open().write(Buffer.from("bb"));
    const longer = Buffer.alloc(1_025, "c");
    await expect(open().write(longer)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    disk.isBroken = true;
    await expect(open().write(page("d"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await text()).toBe(`bb${"a".repeat(1_022)}`);
  });

  test("goes with the disk when that is set back or lost", async () => {
    const { disk, open, text } = newFile();
    await open().write(page("a"));
    const snapshot = disk.snapshot();
    await open().write(page("b"));
    disk.restore(snapshot);
    expect(await text()).toBe(page("a").toString());
    disk.wipe();
    expect(await text()).toBe("");
  });
});
