import { type GpioView, reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import type { Asking } from "../asking.ts";
import { desiredCollection } from "../collections.ts";
import { reservationIdOf } from "../reservation-id.ts";
import { refusalOf, ULID } from "./exchange.fixture.ts";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import { askingOf } from "./test-users.ts";

let mesh: GpioMesh | undefined;
afterEach(async () => {
  await mesh?.dispose();
  mesh = undefined;
});

async function start(nodes: number): Promise<GpioMesh> {
  mesh = await startGpioMesh({ nodes });
  return mesh;
}

const output = { kind: "output" } as const;

function requestOf(node: number, resource: string, given: object = {}) {
  return reservationRequestSchema.parse({
    node: nodeIdOf(node),
    resource,
    mode: output,
    ttlMs: 600_000,
    ...given,
  });
}

function tokenOf({ token }: GpioView): string {
  if (token === null) throw new Error("expected a grant");
  return token;
}

const high = { level: "high" } as const;
const low = { level: "low" } as const;

describe("the pins of another node", () => {
  it("are reserved, driven, seen, renewed and released as one's own", async () => {
    const { peer, finish } = bound(await start(3));
    const { gpio } = peer(0);
    const granted = await finish(gpio.reserve(requestOf(1, "header:12", { name: "pump" }), askingOf()));
    expect(granted).toMatchObject({
      node: nodeIdOf(1),
      nodeName: "gpio-0001",
      resource: "GPIO18",
      gpio: 18,
      state: "granted",
      holder: { userName: "ada" },
      observed: { status: "current", value: { level: "low" } },
      pending: null,
    });
    expect(granted).not.toHaveProperty("requestKey");
    const { id } = granted;
    const token = tokenOf(granted);
    const written = await finish(gpio.write(id, { token, value: high }, askingOf()));
    expect(written.observed).toMatchObject({ status: "current", value: { level: "high" } });
    expect(peer(1).simulation.pins.level(18)).toBe("high");
    expect((await finish(peer(2).gpio.get(id, askingOf("mona")))).observed.value?.level).toBe("high");
    const renewed = await finish(gpio.renew(id, { token, ttlMs: 5_000 }, askingOf()));
    expect(renewed.remainingMs).toBeGreaterThan(4_000);
    await finish(gpio.release(id, { token }, askingOf()));
    expect(await finish(refusalOf(gpio.get(id, askingOf())))).toMatch(/NOT_FOUND|ABORTED/);
    expect(peer(1).simulation.pins.level(18)).toBe("low");
  });

  it("are refused with the owner's own words, and fields", async () => {
    const { peer, finish } = bound(await start(2));
    const { gpio } = peer(0);
    const refused = async (resource: string, given?: object, name?: string) =>
      finish(refusalOf(gpio.reserve(requestOf(1, resource, given), askingOf(name))));
    expect(await refused("GPIO0")).toContain("ID EEPROM");
    expect(await refused("header:1")).toMatch(/^INVALID_ARGUMENT .*3.3 V/);
    expect(await refused("GPIO18", {}, "nemo")).toContain("PERMISSION_DENIED");
    expect(await refused("GPIO18", { namespace: "home" }, "tom")).toContain("PERMISSION_DENIED");
    expect(await refused("GPIO18", { namespace: "plant" }, "tom")).toBe("done");
    expect(await refused("GPIO18")).toContain("ALREADY_EXISTS");
  });

  it("are reserved once, however often that is asked for with one key, when answers get lost", async () => {
    const { peer, finish, hub, run } = bound(await start(2));
    const asking = askingOf("ada", { idempotencyKey: "reserve-once", timeoutMs: 1_000 });
    hub.cutOneWay(nodeIdOf(1), nodeIdOf(0));
    const lost = await finish(refusalOf(peer(0).gpio.reserve(requestOf(1, "GPIO18"), asking)));
    expect(lost).toContain("DEADLINE_EXCEEDED");
    hub.healAll();
    await run(500);
    const again = await finish(peer(0).gpio.reserve(requestOf(1, "GPIO18"), asking));
    const third = await finish(peer(0).gpio.reserve(requestOf(1, "GPIO18"), asking));
    expect(third.id).toBe(again.id);
    const granted = peer(1).events.filter(({ type }) => type === "gpio.reservation.granted");
    expect(granted).toHaveLength(1);
    const other = peer(0).gpio.reserve(requestOf(1, "GPIO17"), asking);
    expect(await finish(refusalOf(other))).toMatch(/^INVALID_ARGUMENT .*Idempotency-Key/);
  });

  it("have one holder when both sides of a partition ask for one", async () => {
    const { peer, finish, hub, run } = bound(await start(3));
    hub.partition([[nodeIdOf(0)], [nodeIdOf(1), nodeIdOf(2)]]);
    await run(30_000);
    const ends = await Promise.all(
      [0, 2].map((index) => finish(refusalOf(peer(index).gpio.reserve(requestOf(1, "GPIO18"), askingOf())))),
    );
    expect(ends[0]).toContain("UNAVAILABLE");
    expect(ends[1]).toBe("done");
  });

  it("that nobody has are not found, and those of strangers neither", async () => {
    const { peer, finish } = bound(await start(2));
    const { gpio } = peer(0);
    const nowhere = reservationIdOf("node-of-nobody", ULID);
    const absent = reservationIdOf(nodeIdOf(1), ULID);
    for (const id of [nowhere, absent]) {
      expect(await finish(refusalOf(gpio.get(id, askingOf())))).toContain("NOT_FOUND");
      const write = gpio.write(id, { token: "1.1", value: high }, askingOf());
      expect(await finish(refusalOf(write))).toContain("NOT_FOUND");
    }
    const stranger = gpio.reserve({ ...requestOf(1, "GPIO18"), node: "node-of-nobody" }, askingOf());
    expect(await finish(refusalOf(stranger))).toContain("NOT_FOUND");
  });
});

describe("the list of reservations", () => {
  async function filled() {
    const bounded = bound(await start(3));
    const { peer, finish, run } = bounded;
    for (const [node, resource, namespace] of [
      [0, "GPIO17", "plant"],
      [1, "GPIO18", "home"],
      [1, "GPIO22", "plant"],
      [2, "GPIO23", "home"],
    ] as const) {
      await finish(peer(0).gpio.reserve(requestOf(node, resource, { namespace }), askingOf()));
    }
    await run(1_000);
    const list = (query: object, asking: Asking = askingOf()) =>
      finish(peer(0).gpio.list({ limit: 100, ...query }, asking));
    return { ...bounded, list };
  }

  it("is of all nodes, as each of them answers now", async () => {
    const { list } = await filled();
    const { items, total, nextCursor } = await list({});
    expect([total, nextCursor]).toEqual([4, null]);
    expect(items.every(({ observed }) => observed.status === "current")).toBe(true);
    expect(items.every(({ remainingMs }) => remainingMs !== null && remainingMs > 0)).toBe(true);
  });

  it("is found by what is asked for, and shows nobody what he may not see", async () => {
    const { list } = await filled();
    const resources = async (query: object, asking?: Asking) =>
      (await list(query, asking)).items.map(({ resource }) => resource).sort();
    expect(await resources({ node: nodeIdOf(1) })).toEqual(["GPIO18", "GPIO22"]);
    expect(await resources({ namespace: "plant" })).toEqual(["GPIO17", "GPIO22"]);
    expect(await resources({ resource: "header:12" })).toEqual(["GPIO18"]);
    expect(await resources({ resource: "18" })).toEqual(["GPIO18"]);
    expect(await resources({ state: "waiting" })).toEqual([]);
    expect(await resources({}, askingOf("tom"))).toEqual(["GPIO17", "GPIO22"]);
    expect(await refusalOf(list({ namespace: "home" }, askingOf("tom")))).toContain("PERMISSION_DENIED");
    expect(await refusalOf(list({}, askingOf("nemo")))).toContain("PERMISSION_DENIED");
    expect(await refusalOf(list({ resource: "header:1" }))).toMatch(/INVALID_ARGUMENT .*3.3 V/);
    expect(await refusalOf(list({ cursor: "../" }))).toMatch(/INVALID_ARGUMENT .*cursor/);
  });

  it("comes page by page, each reservation once", async () => {
    const { list } = await filled();
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 5; page++) {
      const { items, nextCursor } = await list({ limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...items.map(({ id }) => id));
      cursor = nextCursor ?? undefined;
      if (cursor === undefined) break;
    }
    expect(new Set(seen).size).toBe(4);
    expect(seen).toHaveLength(4);
  });

  it("says what is not known of a node that is away, and what was heard last of it", async () => {
    const { list, kill, run, peer, finish } = await filled();
    await list({});
    kill(1);
    await run(2_000);
    const { items, total } = await list({});
    expect(total).toBe(4);
    const away = items.filter(({ node }) => node === nodeIdOf(1));
    expect(away).toHaveLength(2);
    for (const { observed } of away) {
      expect(observed).toMatchObject({
        status: "unknown",
        membership: "dead",
        value: null,
        lastValue: { level: "low" },
      });
      expect(observed.ageMs).toBeGreaterThan(1_000);
    }
    const one = await finish(peer(0).gpio.get(away[0]?.id ?? "", askingOf()));
    expect(one.observed.status).toBe("unknown");
    const never = await finish(peer(2).gpio.list({ limit: 100, node: nodeIdOf(1) }, askingOf()));
    expect(never.items[0]?.observed).toMatchObject({ status: "unknown", asOf: null, lastValue: null });
  });

  it("waits for no node that does not answer", async () => {
    const { peer, hub, run } = await filled();
    hub.pause(nodeIdOf(1));
    let isDone = false;
    const listing = peer(0)
      .gpio.list({ limit: 100 }, askingOf())
      .finally(() => {
        isDone = true;
      });
    await run(600);
    expect(isDone).toBe(true);
    const page = await listing;
    expect(page.items).toHaveLength(4);
    expect(page.items.filter(({ observed }) => observed.status === "unknown")).toHaveLength(2);
    hub.resume(nodeIdOf(1));
  });
});

describe("a batch of writes", () => {
  it("is made on many nodes, with a result each in the order of the writes", async () => {
    const { peer, finish, kill, run } = bound(await start(3));
    const { gpio } = peer(0);
    const places = [
      [1, "GPIO5"],
      [2, "GPIO5"],
      [0, "GPIO6"],
      [1, "GPIO6"],
    ] as const;
    const granted: GpioView[] = [];
    for (const [node, resource] of places) {
      granted.push(await finish(gpio.reserve(requestOf(node, resource), askingOf())));
    }
    const writes = granted.map((view) => ({ id: view.id, token: tokenOf(view), value: high }));
    const nowhere = { id: reservationIdOf("node-of-nobody", ULID), token: "1.1", value: high };
    const stale = { ...writes[0], token: "0.1" } as (typeof writes)[number];
    const all = await finish(gpio.batch({ writes: [...writes, nowhere, stale] }, askingOf()));
    expect(all.results.map(({ ok, error }) => (ok ? "ok" : error?.code))).toEqual([
      "ok",
      "ok",
      "ok",
      "ok",
      "NOT_FOUND",
      "ABORTED",
    ]);
    expect(all.results.map(({ id }) => id)).toEqual([...writes, nowhere, stale].map(({ id }) => id));
    expect(peer(2).simulation.pins.level(5)).toBe("high");
    kill(1);
    await run(1_000);
    const some = await finish(gpio.batch({ writes }, askingOf()));
    expect(some.results.map(({ ok, error }) => (ok ? "ok" : error?.code))).toEqual([
      "UNAVAILABLE",
      "ok",
      "ok",
      "UNAVAILABLE",
    ]);
  });
});

describe("a value for a node that is away", () => {
  async function away() {
    const bounded = bound(await start(3));
    const { peer, finish, kill, run } = bounded;
    const granted = await finish(peer(0).gpio.reserve(requestOf(1, "GPIO18"), askingOf()));
    await run(1_000);
    kill(1);
    await run(1_000);
    const write = (given: object = {}, asking: Asking = askingOf()) =>
      peer(0).gpio.write(
        granted.id,
        { token: tokenOf(granted), value: high, applyWithinMs: 60_000, ...given },
        asking,
      );
    return { ...bounded, granted, write };
  }

  it("waits in the mesh, is shown as such everywhere, and is written when the node returns", async () => {
    const { write, finish, peer, run, begin, connectAll, until, granted } = await away();
    const pending = await finish(write());
    expect(pending).toMatchObject({ observed: { status: "unknown" }, pending: { value: high } });
    expect(pending.pending).not.toHaveProperty("signature");
    await run(1_000);
    const elsewhere = await finish(peer(2).gpio.get(granted.id, askingOf("mona")));
    expect(elsewhere.pending?.value).toEqual(high);
    await begin(1);
    await connectAll();
    await until(() => peer(1).simulation.pins.level(18) === "high");
    await until(() => peer(0).documents.mesh.collection(desiredCollection).all().length === 0);
    const after = await finish(peer(0).gpio.get(granted.id, askingOf()));
    expect(after).toMatchObject({ pending: null, observed: { value: high } });
  });

  it("is kept only when that was asked for, by the holder, with the token that stands", async () => {
    const { write, finish } = await away();
    expect(await finish(refusalOf(write({ applyWithinMs: undefined })))).toContain("UNAVAILABLE");
    expect(await finish(refusalOf(write({ token: "9.9" })))).toContain("ABORTED");
    expect(await finish(refusalOf(write({}, askingOf("tom"))))).toContain("PERMISSION_DENIED");
    const notSigned = askingOf("ada", {
      signIntent: async () => {
        throw new Error("cannot sign");
      },
    });
    expect(await finish(refusalOf(write({}, notSigned)))).toContain("cannot sign");
  });

  it("is kept as well for one that just does not answer, unless it is known to be there", async () => {
    const { peer, finish, hub, run } = bound(await start(2));
    const granted = await finish(peer(0).gpio.reserve(requestOf(1, "GPIO18"), askingOf()));
    await run(1_000);
    const write = () =>
      finish(
        refusalOf(
          peer(0).gpio.write(
            granted.id,
            { token: tokenOf(granted), value: high, applyWithinMs: 60_000 },
            askingOf("ada", { timeoutMs: 2_000 }),
          ),
        ),
      );
    hub.pause(nodeIdOf(1));
    // It may have been done.
    expect(await write()).toContain("DEADLINE_EXCEEDED");
    await run(30_000);
    expect(await write()).toBe("done");
    expect(peer(0).documents.mesh.collection(desiredCollection).all()).toHaveLength(1);
  });

  it("is not kept when its owner is there, and answers that its hardware fails", async () => {
    const { peer, finish, run } = bound(await start(2));
    const request = reservationRequestSchema.parse({
      node: nodeIdOf(1),
      resource: "GPIO18",
      mode: { kind: "pwm", method: "hardware", frequencyHz: 50 },
      ttlMs: null,
    });
    const granted = await finish(peer(0).gpio.reserve(request, askingOf()));
    await run(1_000);
    const write = () => {
      const asked = { token: tokenOf(granted), value: { dutyCycle: 0.5 }, applyWithinMs: 60_000 };
      return finish(refusalOf(peer(0).gpio.write(granted.id, asked, askingOf())));
    };
    peer(1).simulation.pwm.fail(18, "a short circuit");
    expect(await write()).toContain("UNAVAILABLE");
    expect(peer(0).documents.mesh.collection(desiredCollection).all()).toEqual([]);
    peer(1).simulation.pwm.fail(18, null);
    expect(await write()).toBe("done");
  });

  it("is not written when it comes too late", async () => {
    const { write, finish, run, begin, connectAll, until, peer } = await away();
    await finish(write({ applyWithinMs: 2_000 }));
    await run(5_000);
    await begin(1);
    await connectAll();
    await until(() => peer(0).documents.mesh.collection(desiredCollection).all().length === 0);
    expect(peer(1).simulation.pins.level(18)).toBe("low");
  });

  it("is not written when a member has put it there that nobody signed for", async () => {
    const { granted, peer, begin, connectAll, until, finish, write } = await away();
    await finish(write({ value: low }));
    const honest = peer(2).documents.mesh.collection(desiredCollection);
    const forged = {
      id: granted.id,
      node: nodeIdOf(1),
      token: tokenOf(granted),
      value: high,
      writtenAt: "2026-01-01T00:00:00.000Z",
      applyBefore: "2026-01-02T00:00:00.000Z",
      // What ada did sign: another value.
      signature: honest.get(granted.id)?.signature ?? "ada/none",
    };
    await finish(honest.put(granted.id, forged));
    await begin(1);
    await connectAll();
    await until(() => honest.get(granted.id) === undefined);
    expect(peer(1).simulation.pins.level(18)).toBe("low");
    expect(peer(1).events.map(({ type }) => type)).toContain("gpio.desired.discarded");
  });
});

describe("a hostile member", () => {
  it("does not bring back what was left for a node earlier, over what was written since", async () => {
    const { peer, finish, run, kill, begin, connectAll, until } = bound(await start(3));
    const granted = await finish(peer(0).gpio.reserve(requestOf(1, "GPIO18"), askingOf()));
    const { id } = granted;
    const token = tokenOf(granted);
    const collection = peer(2).documents.mesh.collection(desiredCollection);
    const leave = async (value: typeof high | typeof low) => {
      await finish(peer(0).gpio.write(id, { token, value, applyWithinMs: 600_000 }, askingOf()));
      await run(1_000);
      const left = collection.get(id);
      if (left === undefined) throw new Error("expected a value that waits");
      return left;
    };
    await run(1_000);
    kill(1);
    await run(1_000);
    const first = await leave(high);
    const second = await leave(low);
    await begin(1);
    await connectAll();
    await until(() => collection.get(id) === undefined);
    const third = peer(0).gpio.write(id, { token, value: low }, askingOf());
    await finish(third);
    for (const replayed of [first, second, { ...first, writtenAt: second.writtenAt }]) {
      await finish(collection.put(id, replayed));
      await until(() => collection.get(id) === undefined);
      expect(peer(1).simulation.pins.level(18)).toBe("low");
    }
    await finish(peer(0).gpio.write(id, { token, value: high }, askingOf()));
    await finish(collection.put(id, second));
    await until(() => collection.get(id) === undefined);
    expect(peer(1).simulation.pins.level(18)).toBe("high");
  });
});

/** The mesh's methods, so that tests can take them apart. */
function bound(of: GpioMesh) {
  return {
    hub: of.hub,
    peer: (index: number) => of.peer(index),
    begin: (index: number) => of.begin(index),
    kill: (index: number) => of.kill(index),
    run: (durationMs: number) => of.run(durationMs),
    finish: <T>(work: Promise<T>) => of.finish(work),
    until: (holds: () => boolean) => of.until(holds),
    connectAll: () => of.connectAll(),
  };
}
