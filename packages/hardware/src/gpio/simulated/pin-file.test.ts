import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Edge } from "../gpio-driver.ts";
import { pinFile } from "./pin-file.ts";
import { parsePinScene, pinSceneForms } from "./pin-scene.ts";
import { simulatedGpio } from "./simulated-gpio.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-pins-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("parsePinScene", () => {
  it("takes every form that it tells of, in any case, with remarks and more spaces", () => {
    for (const form of pinSceneForms) {
      expect(parsePinScene(form, 28).unknown, form).toEqual([]);
      expect(
        parsePinScene(`  ${form.toUpperCase().replace(" ", "  ")} # a remark`, 28).unknown,
        form,
      ).toEqual([]);
    }
  });

  it("gathers what lines say, the later one of two about the same", () => {
    const { scene, unknown } = parsePinScene(
      "GPIO17 high\nGPIO17 low\n\nwire GPIO27 GPIO17\nsquare GPIO5 12.5 Hz\nGPIO6 high\nGPIO6 float",
      28,
    );
    expect(unknown).toEqual([]);
    expect(scene).toMatchObject({
      levels: new Map([[17, "low"]]),
      wires: new Set(["17 27"]),
      squares: new Map([[5, 12.5]]),
    });
  });

  it.each([
    "GPIO28 high",
    "GPIO17 up",
    "wire GPIO17 GPIO17",
    "wire GPIO17 GPIO28",
    "square GPIO17 0Hz",
    "square GPIO17 1.2.3Hz",
    "square GPIO17 1000000Hz",
    "bounce GPIO17",
    "melt GPIO17",
  ])("knows nothing of %j", (line) => {
    expect(parsePinScene(line, 28).unknown).toEqual([line]);
  });

  it("tells of a few unknown lines only, in short", () => {
    const { unknown } = parsePinScene(`${"x".repeat(500)}\n`.repeat(50), 28);
    expect(unknown).toEqual(Array<string>(5).fill("x".repeat(60)));
  });
});

describe("pinFile", () => {
  async function make() {
    const file = join(directory, "board-pins");
    const clock = new VirtualClock();
    const driver = simulatedGpio({ clock }, { lines: 28 });
    await driver.start(AbortSignal.timeout(1_000));
    const edges: Edge[] = [];
    driver.observe((more) => edges.push(...more));
    const warnings: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) };
    const watched = pinFile({ clock, logger, pins: driver.control }, { file });
    const write = async (text: string) => {
      writeFileSync(file, text);
      await watched.look();
    };
    return { file, clock, driver, pins: driver.control, edges, watched, warnings, write };
  }
  const output = { direction: "output", activeLow: false, drive: "push-pull", level: "low" } as const;
  const input = { direction: "input", pull: "none", activeLow: false, edges: "both", debounceMs: 0 } as const;

  it("moves wires as the file says, for as long as it says so", async () => {
    const { file, pins, watched, write } = await make();
    writeFileSync(file, "GPIO17 high\nwire GPIO17 GPIO27");
    await watched.start();
    expect(pins.level(27)).toBe("high");
    await write("GPIO17 high");
    expect([pins.level(17), pins.level(27)]).toEqual(["high", "low"]);
    rmSync(file);
    await watched.look();
    expect(pins.level(17)).toBe("low");
    await watched.stop();
  });

  it("keeps the beat of a wave while other lines of the file change", async () => {
    const { clock, driver, edges, write } = await make();
    await driver.configure(new Map([[17, input]]));
    await write("square GPIO17 10Hz");
    await clock.advance(175);
    await write("square GPIO17 10Hz\nGPIO5 high");
    await clock.advance(100);
    expect(edges.map(({ timestampNs }) => Number(timestampNs / 1_000_000n))).toEqual([
      50, 100, 150, 200, 250,
    ]);
    await write("");
    await clock.advance(1_000);
    expect(edges).toHaveLength(6);
  });

  it("makes writes fail, edges get lost and lines be taken or stuck until it says so no more", async () => {
    const { clock, driver, pins, edges, write } = await make();
    await driver.configure(new Map([[5, output]]));
    await driver.configure(new Map([[17, input]]));
    await write("fail write GPIO5\nlose edges GPIO17\ntake GPIO6\nstuck GPIO7 high");
    await expect(driver.write([{ line: 5, level: "high" }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(driver.configure(new Map([[6, output]]))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "GPIO6 is in use by another-program",
    });
    expect(pins.level(7)).toBe("high");
    pins.set(17, "high");
    await write("# all is well");
    pins.set(17, "low");
    await clock.advance(1);
    expect(edges).toMatchObject([{ level: "low", lostBefore: 1 }]);
    await driver.write([{ line: 5, level: "high" }]);
    await driver.configure(new Map([[6, output]]));
    expect([pins.level(5), pins.level(7)]).toEqual(["high", "low"]);
  });

  it("warns of lines that say nothing, and does what the others say", async () => {
    const { pins, warnings, write } = await make();
    await write("GPIO17 hihg\nGPIO5 high");
    expect(warnings).toMatchObject([{ unknown: ["GPIO17 hihg"] }]);
    expect(pins.level(5)).toBe("high");
  });
});
