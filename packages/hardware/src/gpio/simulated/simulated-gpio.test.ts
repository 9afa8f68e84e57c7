import { systemClock, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import type { Edge, LineConfig } from "../gpio-driver.ts";
import { describeGpioDriverContract } from "../gpio-driver-contract.ts";
import { simulatedGpio } from "./simulated-gpio.ts";

describeGpioDriverContract("simulated GPIO", async () => {
  const driver = simulatedGpio({ clock: systemClock() }, { lines: 28 });
  return {
    driver,
    lines: [5, 17, 22, 27],
    drive: (line, level) => driver.control.set(line, level),
    level: (line) => driver.control.level(line),
    takeElsewhere: async (line) => {
      driver.control.take(line, "another-program");
      return { consumer: "another-program", release: () => driver.control.take(line, null) };
    },
    stop: () => {},
  };
});

const input: LineConfig = {
  direction: "input",
  pull: "none",
  activeLow: false,
  edges: "both",
  debounceMs: 0,
};
const output: LineConfig = { direction: "output", activeLow: false, drive: "push-pull", level: "low" };

async function make(lines: readonly (readonly [number, LineConfig])[]) {
  const clock = new VirtualClock();
  const driver = simulatedGpio({ clock }, { lines: 28 });
  await driver.start(AbortSignal.timeout(1_000));
  const edges: Edge[] = [];
  driver.observe((more) => edges.push(...more));
  await driver.configure(new Map(lines));
  return { clock, driver, edges, control: driver.control };
}

describe("simulated GPIO", () => {
  it("carries what an output drives over wires to inputs", async () => {
    const { driver, edges, control } = await make([
      [17, output],
      [27, input],
      [22, input],
    ]);
    control.connect(17, 27);
    control.connect(27, 22);
    await driver.write([{ line: 17, level: "high" }]);
    expect(await driver.read([22, 27])).toEqual(["high", "high"]);
    expect(edges.map(({ line }) => line).toSorted((one, two) => one - two)).toEqual([22, 27]);
    control.disconnect(27, 17);
    expect(await driver.read([22, 27])).toEqual(["low", "low"]);
  });

  it("lets an output win over what comes from outside, and low over high of two outputs", async () => {
    const { driver, control } = await make([
      [17, { ...output, level: "high" }],
      [18, output],
    ]);
    control.set(17, "low");
    expect(control.level(17)).toBe("high");
    control.connect(17, 18);
    expect(control.level(17)).toBe("low");
    await driver.write([{ line: 18, level: "high" }]);
    expect(control.level(17)).toBe("high");
  });

  it("bounces for as long as it is told, and a debounced line tells one edge of that", async () => {
    const { clock, edges, control } = await make([
      [17, input],
      [22, { ...input, debounceMs: 20 }],
    ]);
    control.connect(17, 22);
    control.bounce(17, 10);
    control.set(17, "high");
    await clock.advance(100);
    const of = (line: number) => edges.filter((edge) => edge.line === line);
    expect(of(17).map(({ level }) => level)).toEqual(["high", "low", "high", "low", "high", "low", "high"]);
    expect(of(17).at(-1)?.timestampNs).toBe(10_000_000n);
    expect(of(22)).toMatchObject([{ level: "high", timestampNs: 30_000_000n }]);
  });

  it("makes square waves with the times that they should have, however late timers are", async () => {
    const { clock, edges, control } = await make([
      [5, input],
      [6, input],
    ]);
    control.square(5, 100);
    control.square(6, 40);
    await clock.advance(1_000);
    const of = (line: number) => edges.filter((edge) => edge.line === line);
    expect(of(5)).toHaveLength(200);
    expect(of(6)).toHaveLength(80);
    expect(
      of(6)
        .slice(0, 3)
        .map(({ timestampNs }) => timestampNs),
    ).toEqual([12_500_000n, 25_000_000n, 37_500_000n]);
    control.square(5, 0);
    control.square(6, 0);
    await clock.advance(1_000);
    expect(edges).toHaveLength(280);
  });

  it("fails writes as it is told, and leaves all lines of that call as they were", async () => {
    const { driver, control } = await make([
      [17, output],
      [18, output],
    ]);
    control.failWrites(18, 1);
    const write = () => driver.write([17, 18].map((line) => ({ line, level: "high" })));
    await expect(write()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("GPIO18"),
    });
    expect([control.level(17), control.level(18)]).toEqual(["low", "low"]);
    await write();
    expect([control.level(17), control.level(18)]).toEqual(["high", "high"]);
  });

  it("keeps a line that is stuck where it is, whatever is written", async () => {
    const { driver, control } = await make([[17, output]]);
    control.stick(17, "low");
    await driver.write([{ line: 17, level: "high" }]);
    expect(await driver.read([17])).toEqual(["low"]);
    control.stick(17, null);
    expect(await driver.read([17])).toEqual(["high"]);
  });

  it("counts edges that it was told to lose before the next one", async () => {
    const { clock, edges, control } = await make([[17, input]]);
    control.loseEdges(17, 2);
    for (const level of ["high", "low", "high"] as const) {
      control.set(17, level);
      await clock.advance(1);
    }
    expect(edges).toMatchObject([{ level: "high", lostBefore: 2 }]);
  });

  it("gives up the oldest edges of a burst that nobody could fetch, and counts them", async () => {
    const { clock, edges, control } = await make([[17, input]]);
    for (let edge = 0; edge < 3_000; edge++) control.set(17, edge % 2 === 0 ? "high" : "low");
    await clock.advance(0);
    expect(edges).toHaveLength(1_024);
    expect(edges[0]?.lostBefore).toBe(3_000 - 1_024);
    expect(edges.at(-1)).toMatchObject({ level: "low", lostBefore: 0 });
  });

  it("leaves a line that was released as it is, driving what it did", async () => {
    const { driver, control } = await make([[17, { ...output, level: "high" }]]);
    await driver.release(17, "as-is");
    expect(control.level(17)).toBe("high");
  });
});
