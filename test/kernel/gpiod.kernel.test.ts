import { type LineConfig, linuxMachine, openPinHardware, parsePin } from "@pi-controller/hardware";
import { describeGpioDriverContract, gpiodDriver } from "@pi-controller/hardware/testing";
import { silentLogger, systemClock, systemRandom } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { HEADER_LABELS, SimulatedChip } from "./support/simulated-chip.ts";

const ABSENT = "no-such-chip";
const input = { direction: "input", pull: "none", activeLow: false, edges: "both", debounceMs: 0 } as const;
const output = { direction: "output", activeLow: false, drive: "push-pull", level: "low" } as const;

const make = (chip: string = HEADER_LABELS.pi4) => gpiodDriver({ logger: silentLogger }, { chip, chips: [] });
const pullTo = (level: "low" | "high") => (level === "high" ? "pull-up" : "pull-down");

describeGpioDriverContract("the kernel's GPIO", async () => {
  const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
  const other = make();
  return {
    driver: make(),
    lines: [5, 17, 22, 27],
    // A simulated chip has pulls only: a wire that nobody moves has the level of the last one.
    drive: (line, level) => (level === null ? undefined : chip.setPull(line, pullTo(level))),
    level: (line) => (chip.readValue(line) === 1 ? "high" : "low"),
    async takeElsewhere(line) {
      await other.start(AbortSignal.timeout(1_000));
      await other.configure(new Map([[line, input]]));
      return { consumer: "pi-controller", release: () => other.stop() };
    },
    stop: () => other.stop(),
  };
});

describe("the kernel's GPIO", () => {
  const drivers: ReturnType<typeof make>[] = [];
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.stop();
  });

  async function started(chip?: string) {
    const driver = make(chip);
    drivers.push(driver);
    await driver.start(AbortSignal.timeout(1_000));
    const edges: Parameters<Parameters<typeof driver.observe>[0]>[0][number][] = [];
    driver.observe((more) => edges.push(...more));
    return { driver, edges };
  }
  const soon = <T>(look: () => T) => expect.poll(look, { timeout: 5_000, interval: 5 });

  it("is found by the name of a chip too, and not when there is none of that name", async () => {
    const name = SimulatedChip.withLabel(HEADER_LABELS.pi4).path.replace("/dev/", "");
    const { driver } = await started(name);
    await driver.configure(new Map([[5, output]]));
    await expect(started(ABSENT)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(ABSENT),
    });
  });

  it("stamps edges with the time of the monotonic clock at which they happened", async () => {
    const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
    chip.setPull(5, "pull-down");
    const { driver, edges } = await started();
    await driver.configure(new Map([[5, input]]));
    const before = process.hrtime.bigint();
    chip.setPull(5, "pull-up");
    const after = process.hrtime.bigint();
    await soon(() => edges.length).toBe(1);
    // The interrupt of the simulated chip may come a moment after the write that caused it.
    expect(edges[0]?.timestampNs).toBeGreaterThan(before);
    expect(edges[0]?.timestampNs).toBeLessThan(after + 50_000_000n);
  });

  it("counts the edges that nobody could fetch in time, and loses no others", async () => {
    const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
    for (const line of [5, 17]) chip.setPull(line, "pull-down");
    const { driver, edges } = await started();
    await driver.configure(new Map([5, 17].map((line) => [line, input])));
    // In one go, so that the event loop stands still meanwhile.
    const burst = 1_500;
    for (let edge = 0; edge < burst; edge++) chip.setPull(5, edge % 2 === 0 ? "pull-up" : "pull-down");
    chip.setPull(17, "pull-up");
    const of = (line: number) => edges.filter((edge) => edge.line === line);
    await soon(() => of(5).reduce((sum, { lostBefore }) => sum + 1 + lostBefore, 0)).toBe(burst);
    expect(of(5).length).toBeLessThan(burst);
    expect(of(5).at(-1)?.level).toBe("low");
    expect(of(17)).toMatchObject([{ level: "high", lostBefore: 0 }]);
  });

  it("leaves other lines of one call as they are while one is set up anew or released", async () => {
    const { driver } = await started();
    const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
    const high = { ...output, level: "high" } as const;
    await driver.configure(new Map([5, 17, 22].map((line) => [line, high])));
    await driver.write([{ line: 17, level: "low" }]);
    await driver.configure(new Map([[5, { ...output, activeLow: true }]]));
    expect([5, 17, 22].map((line) => chip.readValue(line))).toEqual([1, 0, 1]);
    await driver.release(22, "input");
    expect([5, 17].map((line) => chip.readValue(line))).toEqual([1, 0]);
    expect(await driver.read([5, 17])).toEqual(["low", "low"]);
  });

  it("gives lines back to others when they are released", async () => {
    const [{ driver }, { driver: other }] = [await started(), await started()];
    await driver.configure(new Map([[5, output]]));
    await driver.release(5, "input");
    await other.configure(new Map([[5, output]]));
    await expect(driver.configure(new Map([[5, output]]))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "GPIO5 is in use by pi-controller",
    });
  });

  it("is what a board gets that has the chip of a Pi's header and no pigpiod", async () => {
    const components = { clock: systemClock(), random: systemRandom(), logger: silentLogger };
    const board = await linuxMachine(components).detect();
    const options = { chip: "", pigpiodAddress: "127.0.0.1:1", simulationFile: "" };
    const hardware = openPinHardware(components, board, { driver: "auto", ...options });
    await hardware.start(AbortSignal.timeout(5_000));
    try {
      expect(hardware).toMatchObject({ kind: "gpiod", problem: null });
      const line = parsePin("header:29", hardware.header);
      await hardware.gpio.configure(new Map([[line, { ...output, level: "high" }]]));
      expect(SimulatedChip.withLabel(HEADER_LABELS.pi4).readValue(line)).toBe(1);
    } finally {
      await hardware.stop();
    }
  });

  it("fails when the chip is unplugged, and uses no processor time waiting for it", async () => {
    const label = "unplugged";
    const chip = SimulatedChip.create({ name: label, label, lines: 4, lineNames: [] });
    const { driver, edges } = await started(label);
    await driver.configure(
      new Map<number, LineConfig>([
        [0, output],
        [1, input],
      ]),
    );
    chip.setPull(1, "pull-up");
    await soon(() => edges.length).toBe(1);
    chip.remove();
    const gone = { code: "UNAVAILABLE", message: expect.stringContaining("has gone") };
    await expect(driver.write([{ line: 0, level: "high" }])).rejects.toMatchObject(gone);
    await expect(driver.read([1])).rejects.toMatchObject(gone);
    const { user, system } = process.cpuUsage();
    let turns = 0;
    await soon(() => ++turns).toBe(40);
    const spent = process.cpuUsage({ user, system });
    expect(spent.user + spent.system).toBeLessThan(150_000);
    await driver.stop();
    await expect(driver.start(AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
  });
});
