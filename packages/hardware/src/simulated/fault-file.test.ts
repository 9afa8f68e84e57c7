import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseBoardFaults } from "./board-faults.ts";
import { faultFile } from "./fault-file.ts";
import { simulatedMachine } from "./simulated-machine.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-faults-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("parseBoardFaults", () => {
  it("takes names apart by spaces, commas or lines, and tells which are none", () => {
    expect(parseBoardFaults(" Overheat,brown-out\n")).toEqual({
      faults: new Set(["overheat", "brown-out"]),
      unknown: [],
    });
    expect(parseBoardFaults("melt overheat melt")).toEqual({
      faults: new Set(["overheat"]),
      unknown: ["melt"],
    });
    expect(parseBoardFaults("")).toEqual({ faults: new Set(), unknown: [] });
  });
});

describe("faultFile", () => {
  function make() {
    const file = join(directory, "board-faults");
    const clock = new VirtualClock();
    const machine = simulatedMachine(
      { clock, random: seededRandom(1) },
      { board: "pi-5", hostname: "pi-test" },
    );
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, text: string) => warnings.push(text) };
    const faults = faultFile({ clock, logger, control: machine.control }, { file });
    return { file, clock, machine, faults, warnings };
  }

  it("heats the board and takes its voltage away while the file says so", async () => {
    const { file, clock, machine, faults } = make();
    writeFileSync(file, "overheat brown-out\n");
    await faults.start();
    expect((await machine.sample()).throttling).toMatchObject({ underVoltage: true });
    await clock.advance(120_000);
    expect((await machine.sample()).temperatureCelsius).toBeGreaterThan(85);
    rmSync(file);
    await faults.look();
    await clock.advance(300_000);
    const { temperatureCelsius, throttling } = await machine.sample();
    expect(temperatureCelsius).toBeLessThan(75);
    expect(throttling).toMatchObject({ underVoltage: false, underVoltageOccurred: true });
    await faults.stop();
  });

  it("warns of a fault that there is none of, once, and goes on", async () => {
    const { file, machine, faults, warnings } = make();
    await faults.start();
    writeFileSync(file, "brownout");
    await faults.look();
    await faults.look();
    expect(warnings).toEqual([
      "There are no such faults of a simulated board; there are overheat and brown-out",
    ]);
    expect((await machine.sample()).throttling).toMatchObject({ underVoltage: false });
    await faults.stop();
  });

  it("changes nothing when the file cannot be read", async () => {
    const { file, machine, faults } = make();
    writeFileSync(file, "brown-out");
    await faults.start();
    rmSync(file);
    mkdirSync(file);
    await faults.look();
    expect((await machine.sample()).throttling).toMatchObject({ underVoltage: true });
    await faults.stop();
  });
});
