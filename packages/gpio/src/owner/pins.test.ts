import { type I2cTransaction, type Rule, rulesAllow } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asking, codeOf, OwnerFixture, user } from "./owner.fixture.ts";
import type { PinWrite } from "./pin-owner.ts";

describe("pins and buses", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  it("are written together: those that can be, with a result for each in its place", async () => {
    const one = await machine.reserve({ resource: "GPIO17" });
    const other = await machine.reserve({ resource: "GPIO18" });
    const write = (held: typeof one, level: "low" | "high", token = held.record.token): PinWrite => ({
      id: held.record.id,
      token: token ?? "",
      value: { level },
    });
    const writes = [write(one, "high"), write(other, "high", "0.1"), write(other, "high"), write(one, "low")];
    const results = await machine.finish(machine.owner.write(writes, asking()));
    expect(results.map((result) => ("error" in result ? result.error.code : "ok"))).toEqual([
      "ok",
      "ABORTED",
      "ok",
      "ok",
    ]);
    expect([machine.level(17), machine.level(18)]).toEqual(["low", "high"]);
  });

  it("are listed for who may get or list them, and for nobody else", async () => {
    await machine.reserve({ resource: "GPIO18" });
    const countFor = async (...verbs: readonly string[]) => {
      const requester = user("eve", ({ verb }) => !verbs.includes(verb));
      return (await machine.finish(machine.owner.list(undefined, { ...asking(), requester }))).length;
    };
    expect(await Promise.all([countFor("list"), countFor("get"), countFor("watch")])).toEqual([1, 1, 0]);
  });

  it("tell what happens at them: edges with the kernel's time, writes, safe states", async () => {
    const input = await machine.reserve({ resource: "GPIO22", mode: { kind: "input", edges: "both" } });
    const output = await machine.reserve({ resource: "GPIO18", name: "pump", onExpire: "low" });
    const { changes } = machine.service;
    const cursor = changes.cursor();
    machine.simulation.pins.set(22, "high");
    await machine.settle();
    await machine.write(output, "high");
    await machine.release(output);
    const batch = changes.read(cursor, 100);
    expect(batch).toMatchObject({
      coalesced: 0,
      changes: [
        { cause: "edge", gpio: 22, level: "high", reservation: input.record.id },
        { cause: "write", gpio: 18, level: "high", name: "pump", kernelTimestampNs: null },
        { cause: "safe", gpio: 18, level: "low", namespace: "default" },
      ],
    });
    expect(batch.changes[0]?.kernelTimestampNs).toMatch(/^\d+$/);
    expect(changes.read(batch.cursor, 100).changes).toEqual([]);
  });

  it("count edges that nobody could fetch in time", async () => {
    await machine.reserve({ resource: "GPIO22", mode: { kind: "input", edges: "both" } });
    const { changes } = machine.service;
    const cursor = changes.cursor();
    const edges = 10_001;
    machine.simulation.pins.loseEdges(22, 5);
    for (let edge = 0; edge < edges; edge++) {
      machine.simulation.pins.set(22, edge % 2 === 0 ? "high" : "low");
      if (edge % 100 === 0) await machine.clock.advance(0);
    }
    await machine.settle();
    let told = 0;
    let coalesced = 0;
    let next = cursor;
    for (;;) {
      const batch = changes.read(next, 500);
      told += batch.changes.length;
      coalesced += batch.coalesced;
      next = batch.cursor;
      if (batch.changes.length === 0) break;
    }
    expect(coalesced).toBeGreaterThan(5_000);
    expect(told + coalesced).toBe(edges);
  });

  it("are set up as inputs with what was asked of them", async () => {
    const input = await machine.reserve({
      resource: "GPIO22",
      mode: { kind: "input", pull: "up", activeLow: true },
    });
    expect(input.observed.level).toBeNull();
    expect((await machine.list())[0]?.observed.level).toBe("low");
    machine.simulation.pins.set(22, "low");
    expect((await machine.list())[0]?.observed.level).toBe("high");
    expect(await machine.write(input, "high")).toBe("INVALID_ARGUMENT");
  });

  it("read and write a device on a bus for its holder alone", async () => {
    const device = await machine.reserve({ resource: "i2c-1:0x48", mode: { kind: "i2c" } });
    const { id, token } = device.record;
    const transaction = {
      token: token ?? "",
      operations: [{ op: "read-register" as const, register: 0, length: 2 }],
    };
    const read = (by = asking()) => machine.finish(machine.owner.i2c(id, transaction, by));
    expect((await read()).results).toEqual([[0x15, 0x80]]);
    expect(await codeOf(read(asking("bob")))).toBe("PERMISSION_DENIED");
    expect(await codeOf(machine.owner.spi(id, spiOf(token), asking()))).toBe("INVALID_ARGUMENT");
    await machine.finish(machine.owner.stop({ reason: "" }, asking()));
    // What only reads goes on.
    expect((await read()).results).toHaveLength(1);
    const writing = {
      token: token ?? "",
      operations: [{ op: "write-register" as const, register: 1, bytes: [0] }],
    };
    expect(await codeOf(machine.owner.i2c(id, writing, asking()))).toBe("FAILED_PRECONDITION");
    await machine.release(device);
    expect(await codeOf(read())).toBe("ABORTED");
  });

  it("refuse a transaction whose lease ended while it waited for the bus", async () => {
    const device = await machine.reserve({ resource: "i2c-1:0x48", mode: { kind: "i2c" }, ttlMs: 1_000 });
    const { id, token } = device.record;
    const transaction = {
      token: token ?? "",
      operations: [{ op: "read-register" as const, register: 0, length: 2 }],
    };
    const first = machine.owner.i2c(id, transaction, asking());
    const second = machine.owner.i2c(id, transaction, asking());
    const uptimeMs = machine.uptimeMs.bind(machine);
    // The first was handed to the bus already; before the turn of the second time passes.
    await Promise.resolve();
    machine.uptimeMs = () => uptimeMs() + 1_000;
    const [one, other] = await machine.finish(Promise.allSettled([first, second]));
    expect(other).toMatchObject({ status: "rejected", reason: { code: "ABORTED" } });
    expect(one).toMatchObject({ status: "fulfilled" });
  });

  it("exchange bytes with an SPI device", async () => {
    const device = await machine.reserve({ resource: "spi-0.0", mode: { kind: "spi" } });
    const { id, token } = device.record;
    expect(await machine.finish(machine.owner.spi(id, spiOf(token), asking()))).toEqual({
      results: [[1, 2]],
    });
  });

  it("leave nothing behind at a bus that hangs, to be done when its lease is over", async () => {
    const device = await machine.reserve({ resource: "i2c-1:0x48", mode: { kind: "i2c" } });
    const { id, token } = device.record;
    const transaction: I2cTransaction = { token: token ?? "", operations: [{ op: "write", bytes: [1] }] };
    const { i2c } = machine.hardware;
    const transact = i2c.transact.bind(i2c);
    const answer = Promise.withResolvers<void>();
    let calls = 0;
    Object.assign(i2c, {
      transact: async () => {
        calls++;
        await answer.promise;
        return [null];
      },
    });
    const ask = () => codeOf(machine.finish(machine.owner.i2c(id, transaction, asking())));
    const asked = [ask(), ask()];
    await machine.run(10_000);
    expect(await Promise.all(asked)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
    expect(await ask()).toBe("UNAVAILABLE");
    expect(calls).toBe(1);
    answer.resolve();
    await machine.settle();
    expect(await ask()).toBe("ok");
    Object.assign(i2c, { transact });
  });

  it("say which addresses of a bus answer", async () => {
    expect(await machine.finish(machine.owner.scan(1, asking()))).toEqual([0x48]);
    expect(await codeOf(machine.owner.scan(7, asking()))).toBe("NOT_FOUND");
  });

  it("are described with who holds them, and what buses are on", async () => {
    const { record } = await machine.reserve({ resource: "GPIO18" });
    Object.assign(machine.hardware.header, { note: "It depends on the carrier board" });
    const own = await machine.finish(machine.owner.describe());
    expect(own.note).toBe("It depends on the carrier board");
    expect(own).toMatchObject({ driver: "simulated", problem: null, i2cBuses: [1], stops: [] });
    const at = (gpio: number) => own.header.find((pin) => pin.gpio === gpio);
    expect(at(18)).toMatchObject({ reservation: record.id, bus: null });
    expect(at(2)).toMatchObject({ bus: "i2c-1", reservation: null });
    expect(at(10)?.bus).toBe("spi-0");
    expect(own.pwm.find(({ gpio, method }) => gpio === 12 && method === "hardware")).toBeDefined();
    expect(own.limits.source).not.toBe("");
  });

  it("leave a PWM signal on where that was asked for, until somebody else wants its channel", async () => {
    const pwm = await machine.reserve({
      resource: "GPIO12",
      mode: { kind: "pwm", frequencyHz: 50, dutyCycle: 0.5 },
      onExpire: "hold",
    });
    expect(pwm.record.mode).toMatchObject({ method: "hardware" });
    await machine.release(pwm);
    expect(machine.simulation.pwm.signalAt(12)).not.toBeNull();
    const same = { kind: "pwm", frequencyHz: 100, method: "hardware" };
    await machine.reserve({ resource: "GPIO18", mode: same });
    expect(machine.simulation.pwm.signalAt(12)).toBeNull();
    expect(machine.simulation.pwm.signalAt(18)).toMatchObject({ frequencyHz: 100 });
  });

  function spiOf(token: string | null) {
    return {
      token: token ?? "",
      mode: 0 as const,
      speedHz: 500_000,
      bitsPerWord: 8 as const,
      transfers: [{ bytes: [1, 2] }],
    };
  }

  it("are had by rules that name their reservation, and by those alone", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    const other = await machine.reserve({ resource: "GPIO17" });
    const verbs: Rule["verbs"] = ["get", "update", "delete"];
    const rules: Rule[] = [{ verbs, resources: ["gpio"], names: [held.record.id] }];
    const named = { ...asking(), requester: user("ada", (access) => !rulesAllow(rules, access)) };
    expect(await machine.write(other, "high", named)).toBe("PERMISSION_DENIED");
    expect(await machine.write(held, "high", named)).toBe("ok");
    expect(
      (await machine.finish(machine.owner.list(undefined, named))).map(({ record }) => record.id),
    ).toEqual([held.record.id]);
    expect(await codeOf(machine.release(other, named))).toBe("PERMISSION_DENIED");
    expect(await codeOf(machine.release(held, named))).toBe("ok");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }, named))).toBe("PERMISSION_DENIED");
  });
});
