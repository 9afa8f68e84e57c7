import { type GpioView, reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "./exchange.fixture.ts";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import { askingOf } from "./test-users.ts";

let mesh: GpioMesh;
let pumps: GpioView[];
const high = { level: "high" } as const;

/** Three nodes, each with an output that is high, all reserved and written through the first one. */
beforeEach(async () => {
  mesh = await startGpioMesh({ nodes: 3 });
  const { gpio } = mesh.peer(0);
  pumps = [];
  for (const index of [0, 1, 2]) {
    const request = { node: nodeIdOf(index), resource: "GPIO18", mode: { kind: "output" } };
    const asked = reservationRequestSchema.parse({ ...request, ttlMs: null, onExpire: "low" });
    pumps.push(await mesh.finish(gpio.reserve(asked, askingOf())));
    await write(index);
  }
  expect(levels()).toEqual(["high", "high", "high"]);
});
afterEach(() => mesh.dispose());

const levels = () => [...mesh.peers.values()].map(({ simulation }) => simulation.pins.level(18));

async function write(index: number) {
  const pump = pumps[index];
  if (pump === undefined || pump.token === null) throw new Error("expected a grant");
  const { id, token } = pump;
  return mesh.finish(refusalOf(mesh.peer(0).gpio.write(id, { token, value: high }, askingOf())));
}

const stopAll = (index = 0) => mesh.finish(mesh.peer(index).gpio.stop(null, { reason: "smoke" }, askingOf()));
const clearAll = (index = 0) => mesh.finish(mesh.peer(index).gpio.clear(null, askingOf()));

describe("a stop of all nodes", () => {
  it("makes every output safe, everywhere, before it is answered, and stands until it is cleared", async () => {
    const answer = await stopAll();
    expect(levels()).toEqual(["low", "low", "low"]);
    expect(answer).toMatchObject({ mesh: [{ cause: "user", by: "ada", reason: "smoke" }], unconfirmed: [] });
    // It is one stop, of all nodes, and not one of each.
    expect(answer.mesh).toHaveLength(1);
    expect(answer.nodes).toEqual([]);
    for (const index of [0, 1, 2]) expect(await write(index)).toMatch(/^FAILED_PRECONDITION .*ada/);
    await mesh.run(60_000);
    expect(levels()).toEqual(["low", "low", "low"]);
    expect(mesh.peer(2).gpio.stops(askingOf("mona")).mesh).toHaveLength(1);
    const cleared = await clearAll(1);
    expect(cleared).toEqual({ mesh: [], nodes: [], unconfirmed: [] });
    await clearAll(1);
    await mesh.run(2_000);
    const told = [...mesh.peers.values()].map(({ events }) =>
      events.flatMap(({ type, data }) => (type === "gpio.stop.cleared" ? [data] : [])),
    );
    expect(told).toEqual([[], [{ scope: "mesh", by: "ada" }], []]);
    expect(levels()).toEqual(["low", "low", "low"]);
    for (const index of [0, 1, 2]) expect(await write(index)).toBe("done");
    expect(levels()).toEqual(["high", "high", "high"]);
  });

  it("names who has not confirmed it, who stops as soon as he hears of it", async () => {
    mesh.hub.partition([[nodeIdOf(0), nodeIdOf(1)], [nodeIdOf(2)]]);
    await mesh.run(30_000);
    const answer = await stopAll();
    expect(answer.unconfirmed).toEqual([nodeIdOf(2)]);
    expect(levels()).toEqual(["low", "low", "high"]);
    mesh.hub.healAll();
    await mesh.connectAll();
    await mesh.until(() => levels().every((level) => level === "low"));
    expect(await write(2)).toContain("FAILED_PRECONDITION");
  });

  it("stops a node that was off when it starts again", async () => {
    mesh.kill(2);
    await mesh.run(1_000);
    expect((await stopAll()).unconfirmed).toEqual([nodeIdOf(2)]);
    await mesh.begin(2);
    await mesh.connectAll();
    await mesh.until(() => mesh.peer(2).gpio.stops(askingOf()).mesh.length === 1);
    await mesh.run(1_000);
    expect(levels()).toEqual(["low", "low", "low"]);
    expect(await write(2)).toContain("FAILED_PRECONDITION");
  });

  it("names in time who has not confirmed it to somebody who has little of it", async () => {
    mesh.hub.pause(nodeIdOf(2));
    const stopping = mesh.peer(0).gpio.stop(null, { reason: "smoke" }, askingOf("ada", { timeoutMs: 1_000 }));
    expect((await mesh.finish(stopping)).unconfirmed).toEqual([nodeIdOf(2)]);
    expect(levels()).toEqual(["low", "low", "high"]);
  });

  it("waits for nobody who says nothing longer than it has to", async () => {
    mesh.hub.pause(nodeIdOf(2));
    let isDone = false;
    const stopping = stopAll().finally(() => {
      isDone = true;
    });
    await mesh.run(2_100);
    await mesh.run(1);
    expect(isDone).toBe(true);
    expect((await stopping).unconfirmed).toEqual([nodeIdOf(2)]);
    mesh.hub.resume(nodeIdOf(2));
    await mesh.run(100);
    await mesh.until(() => levels().every((level) => level === "low"));
  });

  it("is one stop, however often it is asked for with one key, at whatever peer", async () => {
    const asking = askingOf("ada", { idempotencyKey: "stop-everything" });
    for (const index of [0, 0, 1]) {
      await mesh.finish(mesh.peer(index).gpio.stop(null, { reason: "" }, asking));
      await mesh.run(500);
    }
    expect(mesh.peer(2).gpio.stops(askingOf()).mesh).toHaveLength(1);
  });

  it("does not fill the document, however often it is asked for", async () => {
    for (let count = 0; count < 40; count++) await stopAll();
    expect(mesh.peer(0).gpio.stops(askingOf()).mesh.length).toBeLessThanOrEqual(32);
    expect(await write(0)).toContain("FAILED_PRECONDITION");
    await clearAll();
    expect(await write(0)).toBe("done");
  });

  it("goes everywhere though who asks can prove himself here alone", async () => {
    const asking = askingOf("ada", {
      evidence: async () => {
        throw new Error("good for this node alone");
      },
    });
    const { unconfirmed } = await mesh.finish(mesh.peer(0).gpio.stop(null, { reason: "" }, asking));
    expect(unconfirmed).toEqual([nodeIdOf(1), nodeIdOf(2)]);
    await mesh.until(() => levels().every((level) => level === "low"));
  });

  it("is for those who may", async () => {
    const { gpio } = mesh.peer(0);
    for (const name of ["mona", "tom", "nemo"]) {
      const stopped = gpio.stop(null, { reason: "" }, askingOf(name));
      expect(await mesh.finish(refusalOf(stopped))).toContain("PERMISSION_DENIED");
    }
    await stopAll();
    expect(await mesh.finish(refusalOf(gpio.clear(null, askingOf("mona"))))).toContain("PERMISSION_DENIED");
    expect(() => gpio.stops(askingOf("nemo"))).toThrow("may not");
    expect(levels()).toEqual(["low", "low", "low"]);
  });
});

describe("a stop of one node", () => {
  it("is asked of that node, and leaves the others as they are", async () => {
    const { gpio } = mesh.peer(0);
    const stopped = await mesh.finish(gpio.stop(nodeIdOf(1), { reason: "wet" }, askingOf()));
    expect(levels()).toEqual(["high", "low", "high"]);
    expect(stopped).toMatchObject({
      mesh: [],
      nodes: [{ node: nodeIdOf(1), nodeName: "gpio-0001", stops: [{ by: "ada", reason: "wet" }] }],
    });
    expect(await write(1)).toContain("FAILED_PRECONDITION");
    const cleared = await mesh.finish(gpio.clear(nodeIdOf(1), askingOf()));
    expect(cleared.nodes).toEqual([]);
    expect(await write(1)).toBe("done");
  });

  it("does not end with one of all nodes", async () => {
    const { gpio } = mesh.peer(0);
    await mesh.finish(gpio.stop(nodeIdOf(1), { reason: "" }, askingOf()));
    await stopAll();
    await clearAll();
    await mesh.run(1_000);
    expect(await write(0)).toBe("done");
    expect(await write(1)).toContain("FAILED_PRECONDITION");
  });

  it("cannot be asked of one that is away", async () => {
    mesh.kill(2);
    await mesh.run(1_000);
    const stopped = mesh.peer(0).gpio.stop(nodeIdOf(2), { reason: "" }, askingOf());
    expect(await mesh.finish(refusalOf(stopped))).toContain("UNAVAILABLE");
  });
});
