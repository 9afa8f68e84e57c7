import type { GpioQuota } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { policyCollection, quotasCollection } from "../collections.ts";
import { asking, codeOf, NODE, OwnerFixture, wanted } from "./owner.fixture.ts";

describe("who gets a pin", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  const states = async () =>
    (await machine.list()).map(({ record, position }) => [record.holder.userName, record.state, position]);

  it("lets people wait in line, and gives it to the first of the highest priority when it becomes free", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000 }, asking("bob"));
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000, priority: 5, ttlMs: 2_000 }, asking("eve"));
    expect(await states()).toEqual([
      ["ada", "granted", null],
      ["bob", "waiting", 2],
      ["eve", "waiting", 1],
    ]);
    await machine.release(held);
    await machine.settle();
    expect(await states()).toEqual([
      ["bob", "waiting", 1],
      ["eve", "granted", null],
    ]);
    // The term begins with the grant.
    await machine.run(1_999);
    expect(await states()).toHaveLength(2);
    await machine.run(1);
    expect(await states()).toEqual([["bob", "granted", null]]);
    expect(machine.told("gpio.reservation.granted").map(({ holder }) => holder)).toEqual([
      "ada",
      "eve",
      "bob",
    ]);
  });

  it("takes out of the line who has waited long enough, or gives up", async () => {
    await machine.reserve({ resource: "GPIO18", ttlMs: null });
    await machine.reserve({ resource: "GPIO18", waitMs: 1_000 }, asking("bob"));
    const eve = await machine.reserve({ resource: "GPIO18", waitMs: 5_000 }, asking("eve"));
    await machine.run(1_000);
    expect(machine.told("gpio.reservation.ended")).toMatchObject([
      { holder: "bob", reason: "gave up waiting" },
    ]);
    const giveUp = { token: undefined, force: false };
    expect(await codeOf(machine.owner.release(eve.record.id, giveUp, asking()))).toBe("PERMISSION_DENIED");
    await machine.finish(machine.owner.release(eve.record.id, giveUp, asking("eve")));
    expect(await states()).toEqual([["ada", "granted", null]]);
  });

  it("gives nothing to who was removed while he waited, and goes on with the next", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000, ttlMs: null }, asking("bob"));
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000 }, asking("eve"));
    machine.users.delete("bob");
    await machine.release(held);
    await machine.settle();
    expect(await states()).toEqual([["eve", "granted", null]]);
    expect(machine.told("gpio.reservation.ended")).toMatchObject([
      { holder: "ada", reason: "released" },
      { holder: "bob", reason: "gave up waiting" },
    ]);
  });

  it("keeps the line over a restart", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    await machine.reserve({ resource: "GPIO18", waitMs: 60_000 }, asking("bob"));
    await machine.kill();
    await machine.run(30_000);
    await machine.begin();
    expect(await states()).toEqual([
      ["ada", "granted", null],
      ["bob", "waiting", 1],
    ]);
    await machine.release(held);
    expect(await states()).toEqual([["bob", "granted", null]]);
  });

  it("takes a pin from a holder of lower priority who has agreed to that, safe state first", async () => {
    const held = await machine.reserve({ resource: "GPIO18", preemptible: true, onExpire: "low" });
    await machine.write(held, "high");
    const cursor = machine.service.changes.cursor();
    const same = machine.reserve({ resource: "GPIO18", preempt: true }, asking("bob"));
    expect(await codeOf(same)).toBe("ALREADY_EXISTS");
    const bob = await machine.reserve(
      { resource: "GPIO18", preempt: true, priority: 1, mode: { initial: "high" } },
      asking("bob"),
    );
    expect(machine.service.changes.read(cursor, 10).changes).toMatchObject([{ cause: "safe", level: "low" }]);
    expect(await machine.write(held, "low")).toBe("ABORTED");
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(bob, "low", asking("bob"))).toBe("ok");
    expect(machine.told("gpio.reservation.ended")).toMatchObject([
      { holder: "ada", reason: "preempted", by: "bob" },
    ]);
  });

  it("does once what is asked twice with the same key, at the same time and after a restart", async () => {
    const request = wanted({ resource: "GPIO18", ttlMs: null });
    const ask = () => machine.owner.reserve(request, asking("ada", "the-same-key"));
    const [one, other] = await machine.finish(Promise.all([ask(), ask()]));
    expect(other?.record).toEqual(one?.record);
    await machine.restart();
    expect((await machine.finish(ask())).record).toEqual(one?.record);
    expect(await machine.list()).toHaveLength(1);
    await machine.restart();
    const another = machine.owner.reserve({ ...request, resource: "GPIO17" }, asking("ada", "the-same-key"));
    await expect(machine.finish(another)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "Idempotency-Key" }] },
    });
    // Keys are of a user.
    const bobs = machine.owner.reserve(wanted({ resource: "GPIO17" }), asking("bob", "the-same-key"));
    expect((await machine.finish(bobs)).record.holder.userName).toBe("bob");
  });

  it("tries again under the same key what has failed", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    const ask = () => machine.reserve({ resource: "GPIO18" }, asking("bob", "bobs-own-key"));
    expect(await codeOf(ask())).toBe("ALREADY_EXISTS");
    await machine.release(held);
    expect(await codeOf(ask())).toBe("ok");
  });

  it("keeps tenants to their quotas, and the board to its power", async () => {
    const quota: GpioQuota = { namespace: "default", pins: 1 };
    await machine.finish(machine.documents.mesh.collection(quotasCollection).put("default", quota));
    await machine.reserve({ resource: "GPIO18" });
    expect(await codeOf(machine.reserve({ resource: "GPIO17" }))).toBe("RESOURCE_EXHAUSTED");
    expect(await codeOf(machine.reserve({ resource: "GPIO17", namespace: "garden" }))).toBe("ok");
    const policy = { onUnderVoltage: "nothing", onOverTemperature: "nothing", clear: "by-hand" } as const;
    await machine.finish(
      machine.documents.mesh.collection(policyCollection).put("mesh", { ...policy, boardMilliwatts: 100 }),
    );
    const hungry = { namespace: "garden", powerMilliwatts: 60 };
    expect(await codeOf(machine.reserve({ resource: "GPIO22", ...hungry }))).toBe("ok");
    expect(await codeOf(machine.reserve({ resource: "GPIO23", ...hungry }))).toBe("RESOURCE_EXHAUSTED");
  });

  it("counts what a tenant holds on other nodes", async () => {
    const { record } = await machine.reserve({ resource: "GPIO18" });
    // As if another node had granted the same.
    machine.otherNodes = () => [{ node: NODE, document: machine.documents.own }];
    const quota: GpioQuota = { namespace: "default", pins: 2 };
    await machine.finish(machine.documents.mesh.collection(quotasCollection).put("default", quota));
    expect(record.namespace).toBe("default");
    expect(await codeOf(machine.reserve({ resource: "GPIO17" }))).toBe("RESOURCE_EXHAUSTED");
  });

  it("names the field that is wrong", async () => {
    const fieldOf = async (wants: Parameters<OwnerFixture["reserve"]>[0]) => {
      const work = machine.reserve(wants);
      await expect(work).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      return work.catch(
        (error: { details: { fields: { field: string }[] } }) => error.details.fields[0]?.field,
      );
    };
    expect(await fieldOf({ resource: "GPIO44" })).toBe("resource");
    expect(await fieldOf({ resource: "header:1" })).toBe("resource");
    expect(await fieldOf({ resource: "GPIO18", mode: { kind: "input" }, onExpire: "high" })).toBe("onExpire");
    expect(await fieldOf({ resource: "GPIO18", mode: { kind: "input" }, watchdogMs: 100 })).toBe(
      "watchdogMs",
    );
    expect(await codeOf(machine.reserve({ resource: "GPIO2" }))).toBe("FAILED_PRECONDITION");
    expect(await machine.list()).toEqual([]);
  });
});
