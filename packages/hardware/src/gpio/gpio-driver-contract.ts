import type { Level } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Edge, GpioDriver, GpioFeatures, LineConfig } from "./gpio-driver.ts";

export interface GpioUnderTest {
  /** Not started. */
  readonly driver: GpioDriver;
  /** BCM numbers of at least four lines that nobody uses. */
  readonly lines: readonly number[];
  /**
   * Moves the wire of a line from outside, as through a resistor; null lets go of it. Resolves once the chip has seen
   * that.
   */
  drive(line: number, level: Level | null): Promise<void> | void;
  /** What is on the wire, looked at past the driver. */
  level(line: number): Promise<Level> | Level;
  /** Lets another program take a line, under the name that is returned; left out where none can be let. */
  takeElsewhere?(line: number): Promise<{ readonly consumer: string; release(): Promise<void> | void }>;
  /** Cleans up behind the driver, which has been stopped. */
  stop(): Promise<void> | void;
}

const input = (config: Partial<LineConfig & { direction: "input" }> = {}): LineConfig => ({
  direction: "input",
  pull: "none",
  activeLow: false,
  edges: "none",
  debounceMs: 0,
  ...config,
});
const output = (level: Level, config: Partial<LineConfig & { direction: "output" }> = {}): LineConfig => ({
  direction: "output",
  activeLow: false,
  drive: "push-pull",
  level,
  ...config,
});

const NO_SUCH_LINE = 300;
const BURST = 500;

/** What every adapter of `GpioDriver` does, whatever is behind it. */
export function describeGpioDriverContract(name: string, make: () => Promise<GpioUnderTest>): void {
  describe(`${name} as a GpioDriver`, () => {
    let subject: GpioUnderTest;
    let driver: GpioDriver;
    let a: number;
    let b: number;
    let c: number;
    let d: number;
    let seen: Edge[];

    beforeEach(async () => {
      subject = await make();
      driver = subject.driver;
      [a, b, c, d] = subject.lines as [number, number, number, number];
      seen = [];
      await driver.start(AbortSignal.timeout(10_000));
      driver.observe((edges) => seen.push(...edges));
    });

    afterEach(async () => {
      await driver.stop();
      await subject.stop();
    });

    const configure = (...lines: (readonly [number, LineConfig])[]) => driver.configure(new Map(lines));
    const levels = (...lines: number[]) => Promise.all(lines.map(async (line) => subject.level(line)));
    const edgesOf = (line: number) => seen.filter((edge) => edge.line === line);
    const seenSoFar = () => seen.map(({ line, level }) => `${line} ${level}`);
    /** The wire goes to each of these in turn. */
    const move = async (line: number, ...to: Level[]) => {
      for (const level of to) await subject.drive(line, level);
    };
    const soon = <T>(look: () => T) => expect.poll(look, { timeout: 5_000, interval: 5 });
    /** A case that not every adapter can pass. */
    const needs = (feature: keyof GpioFeatures, test: () => Promise<void>) => {
      return async ({ skip }: { skip: (condition: boolean, note: string) => void }) => {
        skip(!driver.features[feature], `the driver has no ${feature}`);
        await test();
      };
    };

    describe("outputs", () => {
      it("drive the level that they are set up with", async () => {
        await configure([a, output("high")], [b, output("low")]);
        expect(await levels(a, b)).toEqual(["high", "low"]);
        expect(await driver.read([b, a])).toEqual(["low", "high"]);
      });

      it("follow writes, several lines in one call", async () => {
        await configure([a, output("low")], [b, output("low")], [c, output("high")]);
        await driver.write([
          { line: a, level: "high" },
          { line: c, level: "low" },
        ]);
        expect(await levels(a, b, c)).toEqual(["high", "low", "low"]);
      });

      it("end with the last of several levels for one line", async () => {
        await configure([a, output("low")], [b, output("low")]);
        await driver.write([
          { line: a, level: "high" },
          { line: b, level: "high" },
          { line: a, level: "low" },
        ]);
        expect(await levels(a, b)).toEqual(["low", "high"]);
      });

      it("are written together whether or not they were set up in one call", async () => {
        await configure([a, output("low")], [c, output("low")]);
        await configure([b, output("low")]);
        await driver.write([a, b, c].map((line) => ({ line, level: "high" })));
        expect(await levels(a, b, c)).toEqual(["high", "high", "high"]);
      });

      it("swap levels when they are active low", async () => {
        await configure([a, output("high", { activeLow: true })]);
        expect(await levels(a)).toEqual(["low"]);
        expect(await driver.read([a])).toEqual(["high"]);
        await driver.write([{ line: a, level: "low" }]);
        expect(await levels(a)).toEqual(["high"]);
      });

      it(
        "with an open drain pull down, and let go for high",
        needs("openDrain", async () => {
          await move(a, "high");
          await configure([a, output("low", { drive: "open-drain" })]);
          expect(await levels(a)).toEqual(["low"]);
          await driver.write([{ line: a, level: "high" }]);
          await move(a, "high");
          expect(await levels(a)).toEqual(["high"]);
          await move(a, "low");
          expect(await levels(a)).toEqual(["low"]);
        }),
      );

      it(
        "with an open source pull up, and let go for low",
        needs("openSource", async () => {
          await move(a, "low");
          await configure([a, output("high", { drive: "open-source" })]);
          expect(await levels(a)).toEqual(["high"]);
          await driver.write([{ line: a, level: "low" }]);
          await move(a, "low");
          expect(await levels(a)).toEqual(["low"]);
          await move(a, "high");
          expect(await levels(a)).toEqual(["high"]);
        }),
      );
    });

    describe("inputs", () => {
      it("read what is on their wires, in the order asked for", async () => {
        await configure([a, input()], [b, input()]);
        await move(a, "high");
        await move(b, "low");
        expect(await driver.read([a, b])).toEqual(["high", "low"]);
        expect(await driver.read([b, a, b])).toEqual(["low", "high", "low"]);
        await move(a, "low");
        expect(await driver.read([a])).toEqual(["low"]);
      });

      it("swap levels when they are active low", async () => {
        await configure([a, input({ activeLow: true })]);
        await move(a, "high");
        expect(await driver.read([a])).toEqual(["low"]);
      });

      it(
        "are pulled up or down when nobody drives them",
        needs("pulls", async () => {
          await subject.drive(a, null);
          await configure([a, input({ pull: "up" })]);
          expect(await driver.read([a])).toEqual(["high"]);
          await configure([a, input({ pull: "down" })]);
          expect(await driver.read([a])).toEqual(["low"]);
        }),
      );

      it("cannot be written", async () => {
        await configure([a, input()], [b, output("low")]);
        const write = driver.write([
          { line: b, level: "high" },
          { line: a, level: "high" },
        ]);
        await expect(write).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
          message: expect.stringContaining(`GPIO${a}`),
        });
        expect(await levels(b)).toEqual(["low"]);
      });
    });

    describe("edges", () => {
      it(
        "are told with their level, at times that rise",
        needs("edges", async () => {
          await move(a, "low");
          await configure([a, input({ edges: "both" })]);
          await move(a, "high", "low", "high");
          await soon(() => seen.length).toBe(3);
          expect(seen.map(({ level }) => level)).toEqual(["high", "low", "high"]);
          expect(seen.every(({ line, lostBefore }) => line === a && lostBefore === 0)).toBe(true);
          expectRising(seen);
        }),
      );

      it(
        "are told only in the direction asked for, on each of several lines",
        needs("edges", async () => {
          for (const line of [a, b, c]) await move(line, "low");
          await configure(
            [a, input({ edges: "rising" })],
            [b, input({ edges: "falling" })],
            [c, input({ edges: "none" })],
          );
          for (const line of [a, b, c]) await move(line, "high", "low");
          await soon(() => seen.length).toBe(2);
          expect(seenSoFar().toSorted()).toEqual([`${a} high`, `${b} low`].toSorted());
        }),
      );

      it(
        "mean the logical level of a line that is active low",
        needs("edges", async () => {
          await move(a, "low");
          await configure([a, input({ edges: "falling", activeLow: true })]);
          await move(a, "high", "low");
          await soon(() => seen.length).toBe(1);
          expect(seenSoFar()).toEqual([`${a} low`]);
        }),
      );

      it(
        "are not told to somebody who no longer listens",
        needs("edges", async () => {
          const heard: Edge[] = [];
          const stopListening = driver.observe((edges) => heard.push(...edges));
          await move(a, "low");
          await configure([a, input({ edges: "both" })]);
          await move(a, "high");
          await soon(() => heard.length).toBe(1);
          stopListening();
          await move(a, "low");
          await soon(() => seen.length).toBe(2);
          expect(heard).toHaveLength(1);
        }),
      );

      it(
        "that do not last are left out by debouncing",
        needs("debounce", async () => {
          await move(a, "low");
          await configure([a, input({ edges: "both", debounceMs: 100 })]);
          await move(a, "high", "low", "high", "low", "high");
          await soon(() => seen.length).toBe(1);
          expect(seenSoFar()).toEqual([`${a} high`]);
          expect(await driver.read([a])).toEqual(["high"]);
        }),
      );

      it(
        "are no longer told when the line is set up without them, or let go of",
        needs("edges", async () => {
          for (const line of [a, b, c]) await move(line, "low");
          await configure(...[a, b, c].map((line) => [line, input({ edges: "both" })] as const));
          await configure([a, input()]);
          await driver.release(b, "input");
          for (const line of [a, b, c]) await move(line, "high");
          await soon(() => seen.length).toBe(1);
          expect(seenSoFar()).toEqual([`${c} high`]);
        }),
      );

      it(
        "of a burst are told, or counted as lost",
        needs("edges", async () => {
          await move(a, "low");
          await configure([a, input({ edges: "both" })]);
          for (let edge = 0; edge < BURST; edge++) await subject.drive(a, edge % 2 === 0 ? "high" : "low");
          await soon(() => edgesOf(a).reduce((sum, { lostBefore }) => sum + 1 + lostBefore, 0)).toBe(BURST);
          expect(edgesOf(a).at(-1)?.level).toBe("low");
          expectRising(edgesOf(a));
        }),
        30_000,
      );
    });

    describe("lines", () => {
      it("are set up anew as often as asked", async () => {
        await configure([a, output("high")], [b, output("high")]);
        await configure([a, input()]);
        await move(a, "low");
        expect(await driver.read([a])).toEqual(["low"]);
        await configure([a, output("low", { activeLow: true })], [b, output("low")]);
        expect(await levels(a, b)).toEqual(["high", "low"]);
        await driver.write([{ line: b, level: "high" }]);
        expect(await levels(a, b)).toEqual(["high", "high"]);
      });

      it("stay as they are when others that were set up with them are set up anew or let go of", async () => {
        await configure([a, output("high")], [b, output("high")], [c, output("high")], [d, output("high")]);
        await driver.release(a, "input");
        await configure([b, input()]);
        expect(await levels(c, d)).toEqual(["high", "high"]);
        await driver.write([{ line: c, level: "low" }]);
        expect(await levels(c, d)).toEqual(["low", "high"]);
      });

      it("follow their wires again when they are released as inputs", async () => {
        await configure([a, output("high")]);
        await driver.release(a, "input");
        await move(a, "low");
        expect(await levels(a)).toEqual(["low"]);
        await move(a, "high");
        expect(await levels(a)).toEqual(["high"]);
      });

      it("can be had again after a release, and released when nobody has them", async () => {
        await configure([a, output("high")]);
        await driver.release(a, "as-is");
        await driver.release(a, "as-is");
        await driver.release(b, "input");
        await expect(driver.read([a])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        await configure([a, output("low")]);
        expect(await levels(a)).toEqual(["low"]);
      });

      it("that are not set up can be neither read nor written", async () => {
        await configure([a, output("low")]);
        const refused = {
          code: "FAILED_PRECONDITION",
          message: expect.stringContaining(`GPIO${b}`),
        };
        await expect(driver.read([a, b])).rejects.toMatchObject(refused);
        const write = driver.write([
          { line: a, level: "high" },
          { line: b, level: "high" },
        ]);
        await expect(write).rejects.toMatchObject(refused);
        expect(await levels(a)).toEqual(["low"]);
      });

      it("that do not exist are out of range, and keep the others from being set up", async () => {
        await configure([a, output("high")]);
        const change = configure([a, output("low")], [b, output("high")], [NO_SUCH_LINE, input()]);
        await expect(change).rejects.toMatchObject({
          code: "OUT_OF_RANGE",
          message: expect.stringContaining(`GPIO${NO_SUCH_LINE}`),
        });
        expect(await levels(a)).toEqual(["high"]);
        await expect(driver.read([b])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      });

      it("that another program has are refused by its name, and keep the others from being set up", async ({
        skip,
      }) => {
        if (subject.takeElsewhere === undefined) {
          skip("there is no other program here");
          return;
        }
        const other = await subject.takeElsewhere(c);
        await configure([a, output("high")]);
        const change = configure([a, output("low")], [b, output("high")], [c, input()]);
        await expect(change).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
          message: expect.stringMatching(new RegExp(`GPIO${c}\\b.*${other.consumer}`)),
        });
        expect(await levels(a)).toEqual(["high"]);
        await expect(driver.read([b])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        await other.release();
        await configure([c, output("high")]);
        expect(await levels(c)).toEqual(["high"]);
      });
    });

    describe("calls", () => {
      it("take effect in the order in which they were made", async () => {
        const calls: Promise<unknown>[] = [configure([a, output("low")], [b, output("low")])];
        for (let call = 0; call < 20; call++) {
          calls.push(driver.write([{ line: a, level: call % 2 === 0 ? "high" : "low" }]));
        }
        calls.push(driver.write([{ line: b, level: "high" }]), configure([b, output("low")]));
        await Promise.all(calls);
        expect(await levels(a, b)).toEqual(["low", "low"]);
      });

      it("have no effect once a line was released before them", async () => {
        await configure([a, output("low")]);
        const release = driver.release(a, "input");
        await expect(driver.write([{ line: a, level: "high" }])).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
        });
        await release;
      });
    });

    describe("stopping", () => {
      it("lets go of everything, and a second start works", async () => {
        await configure([a, output("high")], [b, input({ edges: driver.features.edges ? "both" : "none" })]);
        await driver.stop();
        await driver.stop();
        await expect(driver.read([a])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        await expect(configure([a, output("high")])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        await driver.start(AbortSignal.timeout(10_000));
        await configure([a, output("low")], [b, output("high")]);
        expect(await levels(a, b)).toEqual(["low", "high"]);
      });

      it(
        "ends the telling of edges, which goes on after a second start",
        needs("edges", async () => {
          await move(a, "low");
          await configure([a, input({ edges: "both" })]);
          await driver.stop();
          await move(a, "high");
          await driver.start(AbortSignal.timeout(10_000));
          await configure([a, input({ edges: "both" })]);
          await move(a, "low");
          await soon(() => seen.length).toBe(1);
          expect(seenSoFar()).toEqual([`${a} low`]);
        }),
      );
    });
  });
}

function expectRising(edges: readonly Edge[]): void {
  edges.forEach(({ timestampNs }, index) => {
    const before = edges[index - 1];
    if (before !== undefined) expect(timestampNs).toBeGreaterThan(before.timestampNs);
  });
}
