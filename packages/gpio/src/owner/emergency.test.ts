import type { EmergencyStop, GpioPolicy } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { policyCollection, stopsCollection } from "../collections.ts";
import { asking, codeOf, OwnerFixture, user } from "./owner.fixture.ts";

describe("emergency stops", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  const stop = (by = asking()) => machine.finish(machine.owner.stop({ reason: "smoke" }, by));
  const clear = (ids?: readonly string[]) => machine.finish(machine.owner.clear(ids, asking()));
  const setPolicy = (policy: Partial<GpioPolicy>) => {
    const defaults = { onUnderVoltage: "nothing", onOverTemperature: "nothing", clear: "by-hand" } as const;
    const record = { ...defaults, boardMilliwatts: null, ...policy };
    return machine.finish(machine.documents.mesh.collection(policyCollection).put("mesh", record));
  };

  it("leave each output in its safe state at once, before anything is on a disk", async () => {
    const low = await machine.reserve({ resource: "GPIO17", onExpire: "low" });
    const held = await machine.reserve({ resource: "GPIO18", onExpire: "hold" });
    await machine.write(low, "high");
    await machine.write(held, "high");
    machine.disk.isFull = true;
    const stopping = machine.owner.stop({ reason: "smoke" }, asking());
    // In the same turn, before any promise.
    expect([machine.level(17), machine.level(18)]).toEqual(["low", "low"]);
    await expect(machine.finish(stopping)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    // It stands nevertheless.
    expect(await machine.write(low, "high")).toBe("FAILED_PRECONDITION");
    machine.disk.isFull = false;
  });

  it("let nobody write an output, nor get one; inputs and renewals go on", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: 1_000 });
    const input = await machine.reserve({ resource: "GPIO22", mode: { kind: "input" } });
    const [stood] = await stop();
    expect(stood).toMatchObject({ cause: "user", by: "ada", reason: "smoke" });
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("FAILED_PRECONDITION");
    expect(await codeOf(machine.reserve({ resource: "GPIO23", mode: { kind: "input" } }))).toBe("ok");
    const renewal = { token: held.record.token ?? "" };
    expect(await codeOf(machine.finish(machine.owner.renew(held.record.id, renewal, asking())))).toBe("ok");
    machine.simulation.pins.set(22, "high");
    const seen = (await machine.list()).find(({ record }) => record.id === input.record.id);
    expect(seen?.observed).toMatchObject({ level: "high", stopped: false });
    await machine.release(held);
    expect(machine.told("gpio.stop.set")).toMatchObject([{ scope: "node", by: "ada" }]);
  });

  it("refuse a write, which passes when it is asked for again under the same key after they were cleared", async () => {
    const held = await machine.reserve({ resource: "GPIO17" });
    await stop();
    const by = asking("ada", "key-00001");
    expect(await machine.write(held, "high", by)).toBe("FAILED_PRECONDITION");
    await clear();
    expect(await machine.write(held, "high", by)).toBe("ok");
    await machine.write(held, "low");
    // Now it was done.
    expect(await machine.write(held, "high", by)).toBe("ok");
    expect(machine.level(17)).toBe("low");
  });

  it("stop each time, under an idempotency key that was used for one that was cleared, too", async () => {
    const held = await machine.reserve({ resource: "GPIO17", onExpire: "low" });
    const by = asking("ada", "key-00001");
    for (let time = 0; time < 2; time++) {
      expect(await machine.write(held, "high")).toBe("ok");
      await machine.finish(machine.owner.stop({ reason: "smoke" }, by));
      expect(machine.level(17)).toBe("low");
      expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
      await clear();
    }
  });

  it("stand over a restart, and are over when somebody clears them; nothing springs back", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null, onExpire: "low" });
    await machine.write(held, "high");
    await stop();
    await machine.restart();
    expect(machine.level(17)).toBe("low");
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    expect(await machine.list()).toMatchObject([{ observed: { stopped: true } }]);
    expect(await clear([])).toHaveLength(1);
    expect(await clear()).toEqual([]);
    expect(machine.level(17)).toBe("low");
    expect(await machine.list()).toMatchObject([{ record: { desired: null }, observed: { stopped: true } }]);
    expect(await machine.write(held, "high")).toBe("ok");
    expect(machine.level(17)).toBe("high");
    expect(await machine.list()).toMatchObject([{ observed: { stopped: false, level: "high" } }]);
    expect(machine.told("gpio.stop.cleared")).toMatchObject([{ scope: "node", by: "ada" }]);
  });

  it("leave an output safe over a restart after they were cleared, until somebody writes", async () => {
    const held = await machine.reserve({
      resource: "GPIO17",
      ttlMs: null,
      keep: false,
      onExpire: "low",
      mode: { initial: "high" },
    });
    await stop();
    await clear();
    await machine.restart();
    expect(machine.level(17)).toBe("low");
    expect(await machine.write(held, "high")).toBe("ok");
    expect(machine.level(17)).toBe("high");
  });

  it("forget a value, too, that was on its way to the disk", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null, onExpire: "low" });
    const { id, token } = held.record;
    const write = { id, token: token ?? "", value: { level: "high" } } as const;
    for (let turns = 0; turns < 15; turns++) {
      const writing = machine.owner.write([write], asking());
      // Driven, and this far on its way.
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await stop();
      await machine.finish(writing);
      await clear();
      await machine.restart();
      expect(machine.level(17), `after ${turns} turns`).toBe("low");
    }
  });

  it("of all nodes stop this one through the document, and until that says otherwise", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null, onExpire: "high" });
    const record: EmergencyStop = {
      id: "stop-of-all",
      cause: "user",
      by: "eve",
      reason: "",
      since: new Date(machine.clock.now()).toISOString(),
    };
    const collection = () => machine.documents.mesh.collection(stopsCollection);
    await machine.finish(collection().put(record.id, record));
    await machine.settle();
    expect(machine.level(17)).toBe("high");
    expect(await machine.write(held, "low")).toBe("FAILED_PRECONDITION");
    await machine.restart();
    expect(await machine.write(held, "low")).toBe("FAILED_PRECONDITION");
    await machine.finish(collection().delete(record.id));
    await machine.settle();
    expect(await machine.write(held, "low")).toBe("ok");
  });

  it("of all nodes are told directly, too, and only in one's own name", async () => {
    const since = new Date(machine.clock.now()).toISOString();
    const record: EmergencyStop = { id: "stop-of-all", cause: "user", by: "eve", reason: "", since };
    const told = (by: string) => machine.finish(machine.owner.stop({ reason: "" }, asking(by), record));
    expect(await codeOf(told("ada"))).toBe("INVALID_ARGUMENT");
    expect(await told("eve")).toEqual([]);
    expect(machine.documents.mesh.collection(stopsCollection).all()).toEqual([record]);
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("FAILED_PRECONDITION");
  });

  it("need the right to stop, and the right to clear", async () => {
    const watcher = { ...asking("eve"), requester: user("eve", ({ resource }) => resource === "gpio-stops") };
    expect(await codeOf(machine.owner.stop({ reason: "" }, watcher))).toBe("PERMISSION_DENIED");
    expect(await codeOf(machine.owner.clear(undefined, watcher))).toBe("PERMISSION_DENIED");
  });

  it("give a pin to who waits for it only when they are over", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000 }, asking("bob"));
    await stop();
    await machine.release(held);
    expect(await machine.list()).toMatchObject([{ record: { state: "waiting" } }]);
    await clear();
    await machine.settle();
    expect(await machine.list()).toMatchObject([{ record: { state: "granted" } }]);
  });

  it("are set by alarms where the policy says so, and cleared with them where it says that", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null });
    machine.service.onAlarm("under-voltage", true);
    expect(await machine.write(held, "high")).toBe("ok");
    await setPolicy({ onUnderVoltage: "stop", onOverTemperature: "stop" });
    await machine.settle();
    // The alarm is on, and now it counts.
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    machine.service.onAlarm("under-voltage", false);
    await machine.settle();
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    await clear();
    await setPolicy({ onOverTemperature: "stop", clear: "with-the-alarm" });
    machine.service.onAlarm("over-temperature", true);
    machine.service.onAlarm("over-temperature", true);
    await machine.settle();
    expect(await machine.finish(machine.owner.describe())).toMatchObject({
      stops: [{ cause: "over-temperature", by: "policy" }],
    });
    machine.service.onAlarm("over-temperature", false);
    await machine.settle();
    expect(await machine.write(held, "high")).toBe("ok");
    expect(machine.told("gpio.stop.set").map(({ cause }) => cause)).toEqual([
      "under-voltage",
      "over-temperature",
    ]);
  });

  it("are on the disk as soon as it takes them, unless they were cleared before", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null, onExpire: "low" });
    const stopOnFullDisk = async () => {
      machine.disk.isFull = true;
      expect(await codeOf(stop())).toBe("RESOURCE_EXHAUSTED");
      machine.disk.isFull = false;
    };
    await stopOnFullDisk();
    await machine.run(15_000);
    await machine.restart();
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    await clear();
    await stopOnFullDisk();
    await clear();
    await machine.run(15_000);
    await machine.restart();
    expect(await machine.write(held, "high")).toBe("ok");
  });

  it("do not end the lease of a holder who goes on writing, by his watchdog", async () => {
    const held = await machine.reserve({ resource: "GPIO17", watchdogMs: 500 });
    await stop();
    for (let times = 0; times < 5; times++) {
      await machine.run(400);
      expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    }
    await clear();
    expect(await machine.write(held, "high")).toBe("ok");
    await stop();
    await machine.run(500);
    expect(await machine.write(held, "high")).toBe("ABORTED");
  });

  it("stop PWM, whose pin is low from then on", async () => {
    const pwm = await machine.reserve({ resource: "GPIO12", mode: { kind: "pwm", frequencyHz: 50 } });
    const { id, token } = pwm.record;
    const write = { id, token: token ?? "", value: { dutyCycle: 0.5 } };
    expect(await machine.finish(machine.owner.write([write], asking()))).toMatchObject([
      { observed: { dutyCycle: 0.5, frequencyHz: 50, level: null } },
    ]);
    expect(machine.simulation.pwm.signalAt(12)).toMatchObject({ dutyCycle: 0.5 });
    await stop();
    expect(machine.simulation.pwm.signalAt(12)).toBeNull();
    await clear();
    await machine.finish(machine.owner.write([write], asking()));
    expect(machine.simulation.pwm.signalAt(12)).toMatchObject({ dutyCycle: 0.5 });
  });
});
