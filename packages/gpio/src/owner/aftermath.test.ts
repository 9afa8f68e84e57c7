import { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asking, codeOf, OwnerFixture } from "./owner.fixture.ts";

/** What is left behind by a disk, hardware or requests that fail in the middle of something. */
describe("after something failed half way", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  const states = async () =>
    (await machine.list()).map(({ record }) => [record.holder.userName, record.state] as const);

  it("grants a pin to the next in line as soon as the disk takes it, though nothing else ends", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000 });
    await machine.reserve({ resource: "GPIO18", ttlMs: null, waitMs: 3_600_000 }, asking("bob"));
    // The end of the lease is written down, and then the disk is full.
    const { own } = machine.documents;
    const transact: typeof own.transact = own.transact.bind(own);
    let writes = 0;
    const gate = Object.assign(own, {
      transact: (change: Parameters<typeof transact>[0]) => {
        if (++writes > 1) return Promise.reject(new MeshError("RESOURCE_EXHAUSTED", "The disk is full"));
        return transact(change);
      },
    });
    await machine.release(held);
    await machine.settle();
    expect(await states()).toEqual([["bob", "waiting"]]);
    gate.transact = transact;
    await machine.run(2 * 60_000);
    expect(await states()).toEqual([["bob", "granted"]]);
  });

  it("tries to stop outputs again although the disk is full", async () => {
    const ends = await machine.reserve({ resource: "GPIO17", ttlMs: 1_000 });
    const motor = await machine.reserve({ resource: "GPIO18", ttlMs: null, onExpire: "low" });
    await machine.write(motor, "high");
    machine.disk.isFull = true;
    await machine.run(1_000);
    expect(await machine.write(ends, "high")).toBe("ABORTED");
    const works = machine.breakGpio([18]);
    await codeOf(machine.finish(machine.owner.stop({ reason: "" }, asking())));
    works();
    expect(machine.level(18)).toBe("high");
    await machine.run(2 * 60_000);
    expect(machine.level(18)).toBe("low");
    machine.disk.isFull = false;
  });

  it("gives the pin to the next in line when what pre-empted its holder cannot be set up", async () => {
    await machine.reserve({ resource: "GPIO12", ttlMs: null, preemptible: true });
    await machine.reserve({ resource: "GPIO12", waitMs: 60_000 }, asking("bob"));
    Object.assign(machine.hardware.pwm, {
      set: () => Promise.reject(new MeshError("OUT_OF_RANGE", "The channel cannot do that")),
    });
    const preempting = machine.reserve(
      {
        resource: "GPIO12",
        mode: { kind: "pwm", method: "software", frequencyHz: 50 },
        preempt: true,
        priority: 5,
      },
      asking("eve"),
    );
    await expect(preempting).rejects.toThrow("cannot do that");
    await machine.settle();
    expect(await states()).toEqual([["bob", "granted"]]);
  });

  it("keeps the value that was written last, whatever was on its way to the disk before it", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    const { id, token } = held.record;
    const write = (level: "low" | "high") =>
      machine.owner.write([{ id, token: token ?? "", value: { level } }], asking());
    for (let turns = 0; turns < 25; turns++) {
      await machine.finish(write("low"));
      const high = write("high");
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const low = write("low");
      const results = await machine.finish(Promise.all([high, low]));
      expect(JSON.stringify(results)).not.toContain("error");
      await machine.restart();
      expect(machine.level(18), `after ${turns} turns`).toBe("low");
    }
  });

  it("tries once more at a stop to make safe what could not be made safe when its lease ended", async () => {
    const held = await machine.reserve({ resource: "GPIO18", onExpire: "low" });
    await machine.write(held, "high");
    const works = machine.breakGpio();
    expect(await codeOf(machine.release(held))).toBe("UNAVAILABLE");
    works();
    expect(machine.level(18)).toBe("high");
    await machine.end();
    expect(machine.level(18)).toBe("low");
  });

  it("ends a PWM signal whose end has failed before", async () => {
    const pwm = await machine.reserve({
      resource: "GPIO17",
      mode: { kind: "pwm", frequencyHz: 50, dutyCycle: 0.5 },
      onExpire: "low",
    });
    const driver = machine.hardware.pwm;
    const end = driver.end.bind(driver);
    const broken = new MeshError("UNAVAILABLE", "The channel does not answer");
    Object.assign(machine.hardware.pwm, { end: () => Promise.reject(broken) });
    expect(await codeOf(machine.release(pwm))).toBe("UNAVAILABLE");
    Object.assign(machine.hardware.pwm, { end });
    await machine.run(30_000);
    expect(await machine.list()).toEqual([]);
    // Nor does it go on at the pin of the next holder.
    await machine.reserve({ resource: "GPIO17" }, asking("bob"));
    const levels = new Set<string>();
    for (let time = 0; time < 20; time++) {
      await machine.run(3);
      levels.add(machine.level(17));
    }
    expect([...levels]).toEqual(["low"]);
  });

  it("stops outputs in front of however many writes", async () => {
    const pwm = await machine.reserve({
      resource: "GPIO17",
      mode: { kind: "pwm", frequencyHz: 50, dutyCycle: 1 },
      ttlMs: null,
      keep: false,
      onExpire: "low",
    });
    const { id, token } = pwm.record;
    const write = { id, token: token ?? "", value: { dutyCycle: 0.5 } };
    const writing = Array.from({ length: 6 }, () =>
      machine.owner.write(
        Array.from({ length: 256 }, () => write),
        asking(),
      ),
    );
    const stopping = machine.owner.stop({ reason: "" }, asking());
    const results = (await machine.finish(Promise.all(writing))).flat();
    await machine.finish(stopping);
    expect(machine.drives(17)).toBe("low");
    expect(JSON.stringify(results)).toContain("RESOURCE_EXHAUSTED");
    expect((await machine.list())[0]?.observed).toMatchObject({ stopped: true, fault: null });
    expect(machine.told("gpio.hardware.failed")).toEqual([]);
  });
});
