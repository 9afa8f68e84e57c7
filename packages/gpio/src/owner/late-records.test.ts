import type { Documents } from "@pi-controller/document";
import type { ReservationRecord } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reservationsCollection, stopsCollection } from "../collections.ts";
import { asking, OwnerFixture, testSeal } from "./owner.fixture.ts";
import type { OwnedReservation } from "./pin-owner.ts";
import { type Envelope, sealedReservations, sealedStops } from "./sealing.ts";

const sealed = sealedReservations({ seal: testSeal });
const sealedAsStop = sealedStops({ seal: testSeal });

describe("what comes into the own document of a node from elsewhere", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  const own = (): Documents["own"] => machine.documents.own;
  const stored = () => own().collection(sealed.collection);
  const stops = () => own().collection(sealedAsStop.collection);
  const resources = async () => (await machine.list()).map(({ record }) => record.resource);
  const storedIds = () =>
    own()
      .collection(reservationsCollection)
      .all()
      .map(({ id }) => id);
  /** The same reservation under another id. */
  const otherOf = ({ record }: OwnedReservation, changes: Partial<ReservationRecord> = {}) => ({
    ...record,
    id: `${record.id.slice(0, -1)}${record.id.endsWith("X") ? "Y" : "X"}`,
    ...changes,
  });
  /** Puts something in as others do, past the owner. */
  const put = async (id: string, record: Envelope) => {
    await machine.finish(stored().put(id, record));
    await machine.settle();
  };
  /** A grant that was written and driven high, as others keep it after it has ended. */
  const endedOne = async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null, onExpire: "low" });
    await machine.write(held, "high");
    const kept = stored().get(held.record.id) ?? {};
    await machine.release(held);
    return { held, kept };
  };

  it("is ignored and taken out when the node did not write it; said once", async () => {
    const held = await machine.reserve({ resource: "GPIO17" });
    // Of an earlier life, as what a lost disk gets back.
    const forged = otherOf(held, { resource: "GPIO18", mode: { ...output, initial: "high" }, token: "0.5" });
    await put(forged.id, forged);
    await put(forged.id, { ...stored().get(held.record.id), ...forged });
    expect(machine.drives(18)).toBe("input");
    expect(await resources()).toEqual(["GPIO17"]);
    expect(storedIds()).toEqual([held.record.id]);
    expect(machine.log).toEqual([expect.stringContaining("is undone")]);
  });

  it("is not believed after a restart either, nor under another key than its own", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null });
    const genuine = stored().get(held.record.id) ?? {};
    const forged = otherOf(held, { resource: "GPIO18", mode: { ...output, initial: "high" } });
    machine.wire.cut();
    await put(forged.id, forged);
    await put("elsewhere", genuine);
    await machine.restart();
    expect(machine.drives(18)).toBe("input");
    expect(await resources()).toEqual(["GPIO17"]);
    expect(own().collection(reservationsCollection).get(forged.id)).toBeUndefined();
    expect(await machine.write(held, "high")).toBe("ok");
  });

  it("keeps no token and no id from being given out, however high those of a forged record are", async () => {
    const held = await machine.reserve({ resource: "GPIO17" });
    const id = `${held.record.id.slice(0, 8)}-7${"Z".repeat(25)}`;
    const { mac } = stored().get(held.record.id) ?? {};
    const forged = { ...held.record, id, token: "999999999999999.999999999999999", mac };
    await put(id, forged);
    machine.wire.cut();
    await put(id, forged);
    await machine.restart();
    const next = await machine.reserve({ resource: "GPIO18" });
    expect(next.record.token).toBe("2.1");
    expect(next.record.id > held.record.id && next.record.id < id).toBe(true);
  });

  it("changes nothing of what stands: it is written again as it was, and goes on from there", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    const before = stored().get(held.record.id) ?? {};
    const transfer = { token: held.record.token ?? "", to: "bob" };
    const given = await machine.finish(machine.owner.transfer(held.record.id, transfer, asking()));
    const after = stored().get(held.record.id);
    await put(held.record.id, before);
    expect(stored().get(held.record.id)).toEqual(after);
    await machine.finish(stored().delete(held.record.id));
    await machine.settle();
    expect(stored().get(held.record.id)).toEqual(after);
    expect(await machine.write(given, "high", asking("bob"))).toBe("ok");
    expect(stored().get(held.record.id)).toMatchObject({
      holder: { userName: "bob" },
      desired: { level: "high" },
    });
    expect(await machine.write(held, "low")).not.toBe("ok");
    await machine.restart();
    expect((await machine.list())[0]?.record.holder.userName).toBe("bob");
  });

  it("brings no grant back that has ended, neither in this life nor after a restart", async () => {
    const { held, kept } = await endedOne();
    await put(held.record.id, kept);
    expect([machine.drives(18), await resources(), storedIds()]).toEqual(["low", [], []]);
    await machine.restart();
    await put(held.record.id, kept);
    expect([await resources(), storedIds()]).toEqual([[], []]);
    expect(machine.level(18)).toBe("low");
  });

  it("brings none back that comes between the look at the disk and the start of the owner", async () => {
    const { held, kept } = await endedOne();
    machine.whileStarting = () => stored().put(held.record.id, kept);
    await machine.restart();
    expect([machine.level(18), await resources(), storedIds()]).toEqual(["low", [], []]);
  });

  it("brings back what stands of a node that has lost its disk, once", async () => {
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    const other = await machine.reserve({ resource: "GPIO27", ttlMs: null }, asking("bob"));
    await machine.write(held, "high");
    const kept = [held, other].map(({ record: { id } }) => [id, stored().get(id) ?? {}] as const);
    await machine.kill();
    machine.disk.wipe();
    await machine.begin();
    expect(await resources()).toEqual([]);
    const eve = await machine.reserve({ resource: "GPIO27", ttlMs: null }, asking("eve"));
    for (const [id, envelope] of kept) await put(id, envelope);
    const tokens = (await machine.list()).map(({ record }) => [record.resource, record.token] as const);
    expect(Object.fromEntries(tokens)).toEqual({ GPIO18: held.record.token, GPIO27: eve.record.token });
    expect(machine.level(18)).toBe("high");
    expect(machine.told("gpio.reservation.ended").at(-1)).toMatchObject({ reason: "not restored" });
    await machine.release(held);
    await put(...(kept[0] ?? ["", {}]));
    expect(await resources()).toEqual(["GPIO27"]);
  });

  it("brings back what stands of a node whose card was set back, and gives out higher tokens from then on", async () => {
    await machine.restart();
    await machine.restart();
    const held = await machine.reserve({ resource: "GPIO18", ttlMs: null });
    const kept = stored().get(held.record.id) ?? {};
    machine.wire.cut();
    await machine.finish(stored().delete(held.record.id));
    await machine.kill();
    machine.bootEpoch = 0;
    await machine.begin();
    await put(held.record.id, kept);
    expect(await resources()).toEqual(["GPIO18"]);
    expect((await machine.reserve({ resource: "GPIO17" })).record.token).toBe("3.2");
  });

  it("neither sets nor clears an emergency stop of the node", async () => {
    const held = await machine.reserve({ resource: "GPIO17", ttlMs: null });
    const forged = {
      id: "forged",
      cause: "user" as const,
      by: "eve",
      reason: "",
      since: "2026-01-01T00:00:00.000Z",
    };
    await machine.finish(own().collection(stopsCollection).put(forged.id, forged));
    await machine.settle();
    expect(await machine.write(held, "high")).toBe("ok");
    expect(stops().all()).toEqual([]);

    await machine.finish(machine.owner.stop({ reason: "smoke" }, asking()));
    const [stop] = stops().all();
    const id = String(stop?.["id"]);
    await machine.finish(stops().delete(id));
    await machine.settle();
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    expect(stops().all()).toEqual([stop]);
    await machine.restart();
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");
    machine.whileStarting = () => stops().delete(id);
    await machine.restart();
    expect(await machine.write(held, "high")).toBe("FAILED_PRECONDITION");

    await machine.finish(machine.owner.clear(undefined, asking()));
    await machine.finish(stops().put(id, stop ?? {}));
    await machine.settle();
    expect(stops().all()).toEqual([]);
    expect(await machine.write(held, "high")).toBe("ok");
  });
});

const output = { kind: "output", activeLow: false, drive: "push-pull", initial: "low" } as const;
