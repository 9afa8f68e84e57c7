import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asking, codeOf, LEASES, OwnerFixture } from "./owner.fixture.ts";

describe("leases of pins", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  it("grants a pin to one, who drives it, and refuses it to another", async () => {
    const held = await machine.reserve({ resource: "18", mode: { initial: "high" } });
    expect(held).toMatchObject({ gpio: 18, record: { resource: "GPIO18", state: "granted", token: "1.1" } });
    expect(machine.level(18)).toBe("high");
    expect(await codeOf(machine.reserve({ resource: "header:12" }, asking("bob")))).toBe("ALREADY_EXISTS");
    expect(await machine.write(held, "low")).toBe("ok");
    expect(machine.level(18)).toBe("low");
    expect(machine.told("gpio.reservation.granted")).toMatchObject([{ resource: "GPIO18", holder: "ada" }]);
  });

  it("lets only the holder write, with the token of the grant", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    expect(await machine.write(held, "high", asking("bob"))).toBe("PERMISSION_DENIED");
    const { record } = held;
    expect(await machine.write({ ...held, record: { ...record, token: "1.0" } }, "high")).toBe("ABORTED");
    expect(
      await machine.write({ ...held, record: { ...record, id: `${record.id.slice(0, -1)}0` } }, "high"),
    ).toBe("NOT_FOUND");
    expect(machine.level(18)).toBe("low");
  });

  it("puts a pin into its safe state when the lease ends, and refuses its holder from then on", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000, onExpire: "high" });
    await machine.run(999);
    expect(machine.level(18)).toBe("low");
    await machine.run(1);
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ABORTED");
    expect(machine.level(18)).toBe("high");
    expect(machine.told("gpio.reservation.ended")).toMatchObject([{ resource: "GPIO18", reason: "expired" }]);
    expect(await machine.list()).toEqual([]);
    const next = await machine.reserve({ resource: "GPIO18" }, asking("bob"));
    expect(next.record.token).toBe("1.2");
  });

  it("refuses a holder who was paused past his lease before any timer has gone off", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000, onExpire: "low" });
    // Time passes for the machine while nothing of this process runs.
    const uptimeMs = machine.uptimeMs.bind(machine);
    machine.uptimeMs = () => uptimeMs() + 1_500;
    const { id, token } = held.record;
    const [result] = await machine.owner.write(
      [{ id, token: token ?? "", value: { level: "high" } }],
      asking(),
    );
    expect(result).toMatchObject({ error: { code: "ABORTED" } });
    expect(machine.level(18)).toBe("low");
  });

  it("goes on with a lease that is renewed, and puts none of that into the document", async () => {
    const { record } = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000 });
    const before = machine.documents.status().nodeBytes;
    for (let time = 0; time < 5; time++) {
      await machine.run(900);
      const renewal = { token: record.token ?? "" };
      expect(await machine.finish(machine.owner.renew(record.id, renewal, asking()))).toMatchObject({
        remainingMs: 1_000,
      });
    }
    expect(machine.documents.status().nodeBytes).toBe(before);
    const longer = { token: record.token ?? "", ttlMs: 5_000 };
    await machine.finish(machine.owner.renew(record.id, longer, asking()));
    await machine.run(4_999);
    expect(await machine.list()).toHaveLength(1);
    await machine.run(1);
    expect(await machine.list()).toEqual([]);
  });

  it("ends a lease whose holder does not write for as long as he has agreed to", async () => {
    const held = await machine.reserve({
      resource: "GPIO18",
      ttlMs: 60_000,
      watchdogMs: 500,
      onExpire: "low",
    });
    await machine.write(held, "high");
    await machine.run(400);
    await machine.write(held, "high");
    await machine.run(400);
    expect(machine.level(18)).toBe("high");
    await machine.run(100);
    expect(machine.level(18)).toBe("low");
    expect(machine.told("gpio.reservation.ended")).toMatchObject([{ reason: "watchdog" }]);
  });

  it.each([
    ["low", "low"],
    ["high", "high"],
    ["hold", "high"],
    ["input", "low"],
  ] as const)("leaves a pin as %s on release", async (onExpire, level) => {
    const held = await machine.reserve({ resource: "GPIO18", onExpire });
    await machine.write(held, "high");
    await machine.release(held);
    expect(machine.level(18)).toBe(level);
    // Nobody holds it any more: from outside it can be moved when it is an input.
    machine.simulation.pins.set(18, "high");
    if (onExpire === "input") expect(machine.level(18)).toBe("high");
  });

  it("lets go of a pin of which nobody knows any more, and says so to nobody", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    await machine.release(held);
    await machine.release(held);
    expect(machine.told("gpio.reservation.ended")).toHaveLength(1);
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("ok");
  });

  it("takes a pin from its holder by force only for those who may", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    const force = { token: undefined, force: true };
    const mayNot = {
      ...asking("bob"),
      requester: {
        userName: "bob",
        userId: "b",
        refusal: ({ verb }: { verb: string }) => (verb === "revoke" ? "no" : undefined),
      },
    };
    expect(await codeOf(machine.owner.release(held.record.id, force, mayNot))).toBe("PERMISSION_DENIED");
    expect(await codeOf(machine.owner.release(held.record.id, { ...force, force: false }, asking()))).toBe(
      "INVALID_ARGUMENT",
    );
    await machine.finish(machine.owner.release(held.record.id, force, asking("bob")));
    expect(machine.told("gpio.reservation.ended")).toMatchObject([{ reason: "forced", by: "bob" }]);
  });

  it("hands a lease over with a new token, and the pin as it is", async () => {
    const held = await machine.reserve({ resource: "GPIO18" });
    await machine.write(held, "high");
    const { id, token } = held.record;
    const unknown = { token: token ?? "", to: "nobody" };
    expect(await codeOf(machine.owner.transfer(id, unknown, asking()))).toBe("INVALID_ARGUMENT");
    const handed = await machine.finish(
      machine.owner.transfer(id, { token: token ?? "", to: "bob", purpose: "night" }, asking()),
    );
    expect(handed.record).toMatchObject({ token: "1.2", purpose: "night", holder: { userName: "bob" } });
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ABORTED");
    expect(await machine.write(handed, "low", asking())).toBe("PERMISSION_DENIED");
    expect(await machine.write(handed, "low", asking("bob"))).toBe("ok");
    expect(machine.told("gpio.reservation.transferred")).toMatchObject([{ from: "ada", holder: "bob" }]);
  });

  it("answers nothing before its start and after its stop", async () => {
    await machine.end();
    expect(await codeOf(machine.owner.list(undefined, asking()))).toBe("UNAVAILABLE");
    expect(await codeOf(machine.reserve({ resource: "GPIO18" }))).toBe("UNAVAILABLE");
  });
});

describe("leases over a restart", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  it("restores what still stands: the same grant under the same token", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 10_000, mode: { initial: "high" } });
    await machine.write(held, "low");
    await machine.restart();
    expect(await machine.list()).toMatchObject([{ record: { id: held.record.id, token: "1.1" } }]);
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ok");
    expect((await machine.reserve({ resource: "GPIO17" })).record.token).toBe("2.1");
    await machine.run(10_000);
    expect(await machine.write(held, "low")).toBe("ABORTED");
  });

  it("knows of renewals that no document has", async () => {
    const { record } = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000 });
    await machine.run(900);
    await machine.finish(machine.owner.renew(record.id, { token: record.token ?? "" }, asking()));
    await machine.run(500);
    await machine.restart();
    const [restored] = await machine.list();
    expect(restored).toMatchObject({ record: { id: record.id }, remainingMs: 500 });
  });

  it("ends what was over while the process was away, with the safe state on the pin", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 1_000, onExpire: "high" });
    await machine.kill();
    await machine.run(1_000);
    await machine.begin();
    expect(machine.level(18)).toBe("high");
    expect(await machine.list()).toEqual([]);
    expect(await machine.write(held, "low")).toBe("ABORTED");
    expect(machine.told("gpio.reservation.ended")).toMatchObject([{ reason: "expired" }]);
    await machine.restart();
    expect(machine.told("gpio.reservation.ended")).toHaveLength(1);
  });

  it("goes by the wall clock after a reboot of the machine, and never longer than one term", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: 10_000 });
    await machine.kill();
    machine.reboot();
    await machine.run(4_000);
    await machine.begin();
    expect(await machine.list()).toMatchObject([{ remainingMs: 6_000, record: { id: held.record.id } }]);
    await machine.kill();
    machine.reboot();
    // Somebody has set the clock back: nobody knows how much time has passed.
    const now = machine.trustedNow;
    machine.trustedNow = () => now() - 3_600_000;
    await machine.begin();
    expect(await machine.list()).toEqual([]);
  });

  it("goes by what was granted when the file of leases is torn", async () => {
    await machine.reserve({ resource: "GPIO18", ttlMs: 10_000 });
    await machine.reserve({ resource: "GPIO17", ttlMs: 1_000 });
    await machine.kill();
    machine.disk.files.write(LEASES, Buffer.from('00000000 17\n{"bootId":'));
    await machine.run(2_000);
    await machine.begin();
    expect(await machine.list()).toMatchObject([{ remainingMs: 8_000, record: { resource: "GPIO18" } }]);
  });

  it("keeps what stands until it is released, and its last value", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    await machine.write(held, "high");
    await machine.kill();
    machine.reboot();
    await machine.run(40 * 24 * 3_600_000);
    await machine.begin();
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ok");
  });

  it("leaves outputs safe when the peer stops in good order, and takes them up again", async () => {
    const kept = await machine.reserve({ resource: "GPIO18", ttlMs: null, onExpire: "low" });
    const left = await machine.reserve({ resource: "GPIO17", ttlMs: null, onExpire: "hold" });
    await machine.write(kept, "high");
    await machine.write(left, "high");
    await machine.end();
    expect([machine.level(18), machine.level(17)]).toEqual(["low", "high"]);
    await machine.begin();
    expect([machine.level(18), machine.level(17)]).toEqual(["high", "high"]);
    expect(machine.told("gpio.reservation.ended")).toEqual([]);
  });

  it("limits how often a kept value changes, to spare the memory card", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    for (let time = 0; time < 20; time++) {
      expect(await machine.write(held, time % 2 ? "low" : "high")).toBe("ok");
    }
    expect(await machine.write(held, "high")).toBe("RESOURCE_EXHAUSTED");
    // What is there already costs nothing.
    expect(await machine.write(held, "low")).toBe("ok");
    await machine.run(500);
    expect(await machine.write(held, "high")).toBe("ok");
    const fast = await machine.reserve({ resource: "GPIO17", ttlMs: null, keep: false });
    for (let time = 0; time < 30; time++) {
      expect(await machine.write(fast, time % 2 ? "low" : "high")).toBe("ok");
    }
  });
});
