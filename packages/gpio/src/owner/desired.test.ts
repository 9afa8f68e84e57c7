import type { DesiredRecord, GpioValue } from "@pi-controller/schema";
import { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { desiredCollection } from "../collections.ts";
import { desiredDigest } from "./desired-digest.ts";
import { asking, NODE, OwnerFixture, user } from "./owner.fixture.ts";
import type { OwnedReservation } from "./pin-owner.ts";

const HIGH: GpioValue = { level: "high" };

describe("values that were written while the owner was away", () => {
  let machine: OwnerFixture;
  let held: OwnedReservation;
  beforeEach(async () => {
    machine = new OwnerFixture();
    // A signature is who signed, and what.
    machine.verifyIntent = async (signature, digest) => {
      const [by = "", signed] = signature.split(" ");
      if (signed !== digest) throw new MeshError("UNAUTHENTICATED", "It was signed for something else");
      return user(by);
    };
    await machine.begin();
    held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
  });
  afterEach(() => machine.cleanUp());

  const collection = () => machine.documents.mesh.collection(desiredCollection);
  /** Leaves a value in the mesh document, as another peer does. */
  const leave = async (changes: Partial<DesiredRecord> = {}, by = "ada") => {
    const nowMs = machine.clock.now();
    const desired = {
      id: held.record.id,
      node: NODE,
      token: held.record.token ?? "",
      value: HIGH,
      writtenAt: new Date(nowMs).toISOString(),
      applyBefore: new Date(nowMs + 60_000).toISOString(),
      ...changes,
    };
    const signature = `${by} ${desiredDigest(desired)}`;
    await machine.finish(collection().put(desired.id, { signature, ...desired }));
    await machine.settle();
  };
  const discarded = () => machine.told("gpio.desired.discarded");

  it("are driven when it returns, and taken out of the document", async () => {
    // Put there by others while this peer does not look.
    await machine.end();
    await machine.begin();
    await leave();
    expect(machine.level(18)).toBe("high");
    expect(collection().all()).toEqual([]);
    expect(discarded()).toEqual([]);
    await machine.restart();
    expect(machine.level(18)).toBe("high");
  });

  it("are found at the start, too", async () => {
    const put = machine.wire;
    put.cut();
    await leave();
    expect(machine.level(18)).toBe("low");
    expect(collection().all()).toHaveLength(1);
    await machine.restart();
    expect(machine.level(18)).toBe("high");
    expect(collection().all()).toEqual([]);
  });

  it.each<[string, Partial<DesiredRecord>, string, string]>([
    ["too late", { applyBefore: "2025-12-31T00:00:00.000Z" }, "ada", "too late"],
    ["under the token of another grant", { token: "0.7" }, "ada", "token"],
    ["by somebody who does not hold the pin", {}, "bob", "held by ada"],
    ["of a kind that the pin does not take", { value: { dutyCycle: 0.5 } }, "ada", "output"],
    ["with the signature of something else", { signature: "ada 0000" }, "ada", "signed"],
  ])("are discarded when they are %s", async (_, changes, by, reason) => {
    await leave(changes, by);
    expect(machine.level(18)).toBe("low");
    expect(collection().all()).toEqual([]);
    expect(discarded()).toMatchObject([
      { resource: "GPIO18", reason: expect.stringContaining(reason) as string },
    ]);
  });

  it("are discarded when the lease is over, or an emergency stop stands", async () => {
    await machine.finish(machine.owner.stop({ reason: "" }, asking()));
    await leave();
    expect(collection().all()).toEqual([]);
    await machine.finish(machine.owner.clear(undefined, asking()));
    await machine.release(held);
    // Signed anew: the same one again would be passed over.
    await machine.run(1);
    await leave();
    expect(machine.level(18)).toBe("low");
    expect(discarded()).toMatchObject([
      { reason: expect.stringContaining("emergency stop") as string },
      { reason: expect.stringContaining("ended") as string },
    ]);
  });

  it("are not brought back after a restart by who kept them, nor is an older one", async () => {
    const nowMs = machine.clock.now();
    const older = { writtenAt: new Date(nowMs - 1_000).toISOString() };
    const kept = { writtenAt: new Date(nowMs).toISOString() };
    await leave(kept);
    expect(machine.level(18)).toBe("high");
    expect(await machine.write(held, "low")).toBe("ok");
    await machine.restart();
    await leave(kept);
    await leave(older);
    expect(machine.level(18)).toBe("low");
    expect(collection().all()).toEqual([]);
    expect(discarded()).toMatchObject([{ reason: expect.stringContaining("older") as string }]);
    await machine.run(1);
    await leave();
    expect(machine.level(18)).toBe("high");
  });

  it.each([null, 60_000])(
    "are discarded when something was written straight to the owner since they were signed (ttlMs: %s)",
    async (ttlMs) => {
      await machine.release(held);
      held = await machine.reserve({ resource: "GPIO18", ttlMs });
      const late = { writtenAt: new Date(machine.clock.now()).toISOString() };
      await machine.run(1_000);
      await machine.write(held, "high");
      await machine.write(held, "low");
      await leave(late);
      expect(machine.level(18)).toBe("low");
      expect(collection().all()).toEqual([]);
      expect(discarded()).toMatchObject([{ reason: expect.stringContaining("older") as string }]);
      // Of two that were signed before they came, the later one counts.
      await machine.run(1_000);
      const first = { writtenAt: new Date(machine.clock.now() - 500).toISOString() };
      await leave(first);
      expect(machine.level(18)).toBe("high");
      const second = { writtenAt: new Date(machine.clock.now() - 400).toISOString() };
      await leave({ ...second, value: { level: "low" } });
      expect(machine.level(18)).toBe("low");
    },
  );

  it("are discarded after a restart, too, when a value that is kept was written since", async () => {
    const late = { writtenAt: new Date(machine.clock.now()).toISOString() };
    await machine.run(1_000);
    await machine.write(held, "high");
    await machine.write(held, "low");
    await machine.restart();
    await leave(late);
    expect(machine.level(18)).toBe("low");
    expect(discarded()).toMatchObject([{ reason: expect.stringContaining("older") as string }]);
  });

  it("are tried again while the hardware fails, until it works", async () => {
    const works = machine.breakGpio();
    await leave();
    expect(collection().all()).toHaveLength(1);
    works();
    await machine.run(10_000);
    expect(machine.level(18)).toBe("high");
    expect(collection().all()).toEqual([]);
  });

  it("are left alone when they are for another node", async () => {
    await leave({ node: "node-other-0000" });
    expect(machine.level(18)).toBe("low");
    expect(collection().all()).toHaveLength(1);
  });
});
