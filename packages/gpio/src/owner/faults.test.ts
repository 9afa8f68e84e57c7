import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asking, codeOf, OwnerFixture } from "./owner.fixture.ts";

describe("hardware that fails", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  it("is told to who writes, in what is observed and once as an event; the lease stands", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    machine.simulation.pins.failWrites(18, 2);
    expect(await machine.write(held, "high")).toBe("UNAVAILABLE");
    expect((await machine.list())[0]?.observed.fault).toContain("GPIO18");
    expect(machine.told("gpio.hardware.failed")).toMatchObject([{ resource: "GPIO18" }]);
    // The line is set up anew, and that works.
    expect(await machine.write(held, "high")).toBe("ok");
    expect((await machine.list())[0]?.observed).toMatchObject({ fault: null, level: "high" });
    expect(machine.told("gpio.hardware.failed")).toHaveLength(1);
  });

  it("keeps a pin whose safe state cannot be set from everybody else, until it is set", async () => {
    const held = await machine.reserve({ resource: "GPIO18", onExpire: "low" });
    await machine.write(held, "high");
    const works = machine.breakGpio();
    expect(await codeOf(machine.release(held))).toBe("UNAVAILABLE");
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "high")).toBe("ABORTED");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }, asking("bob")))).toBe("ALREADY_EXISTS");
    // A restart does not make a lease of it again.
    await machine.restart();
    expect(await machine.list()).toEqual([]);
    works();
    await machine.run(2 * 60_000);
    expect(machine.level(18)).toBe("low");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }, asking("bob")))).toBe("ok");
    expect(machine.told("gpio.reservation.ended")).toHaveLength(1);
  });

  it("keeps trying to stop outputs that an emergency stop could not stop", async () => {
    const bad = await machine.reserve({ resource: "GPIO18", onExpire: "low" });
    const good = await machine.reserve({ resource: "GPIO17", onExpire: "low" });
    await machine.write(bad, "high");
    await machine.write(good, "high");
    const works = machine.breakGpio([18]);
    await machine.finish(machine.owner.stop({ reason: "" }, asking()));
    expect([machine.level(18), machine.level(17)]).toEqual(["high", "low"]);
    works();
    await machine.run(2 * 60_000);
    expect(machine.level(18)).toBe("low");
  });

  it("fails a grant whose pin cannot be set up, and leaves nothing of it", async () => {
    machine.simulation.pins.take(18, "another program");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("FAILED_PRECONDITION");
    expect(await machine.list()).toEqual([]);
    machine.simulation.pins.take(18, null);
    await machine.restart();
    expect(await machine.list()).toEqual([]);
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("ok");
  });

  it("keeps no peer from starting, and nobody from his lease", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    await machine.write(held, "high");
    await machine.kill();
    const works = machine.breakGpio();
    await machine.begin();
    expect((await machine.list())[0]?.observed.fault).not.toBeNull();
    expect(await machine.write(held, "high")).toBe("UNAVAILABLE");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }, asking("bob")))).toBe("ALREADY_EXISTS");
    works();
    await machine.run(2 * 60_000);
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ok");
  });

  it("is waited for as long as it may take, and no longer", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    const works = machine.breakGpio(undefined, () => new Promise(() => {}));
    expect(await machine.write(held, "high")).toBe("UNAVAILABLE");
    works();
    expect(await machine.write(held, "high")).toBe("ok");
  });

  it("does not mistake a value that it cannot do for a fault", async () => {
    const pwm = await machine.reserve({ resource: "GPIO12", mode: { kind: "pwm", frequencyHz: 50 } });
    const { id, token } = pwm.record;
    const write = { id, token: token ?? "", value: { frequencyHz: 20_000_000 } };
    expect(await machine.finish(machine.owner.write([write], asking()))).toMatchObject([
      { error: { code: "OUT_OF_RANGE" } },
    ]);
    expect((await machine.list())[0]?.observed).toMatchObject({ fault: null, frequencyHz: 50 });
  });

  it("hides what is none of the asker's business", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    machine.breakGpio(undefined, async () => {
      throw new TypeError("cannot read properties of undefined (reading 'handle')");
    });
    const { id, token } = held.record;
    const write = { id, token: token ?? "", value: { level: "high" } } as const;
    const [result] = await machine.finish(machine.owner.write([write], asking()));
    expect(result).toMatchObject({ error: { code: "UNAVAILABLE" } });
    expect(JSON.stringify(result)).not.toContain("undefined");
  });

  it("does not lose an acknowledged grant when the disk refuses the end of another", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000 });
    machine.disk.isFull = true;
    await machine.run(1_000);
    expect(await machine.write(held, "high")).toBe("ABORTED");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).not.toBe("ok");
    machine.disk.isFull = false;
    await machine.run(2 * 60_000);
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("ok");
  });
});
