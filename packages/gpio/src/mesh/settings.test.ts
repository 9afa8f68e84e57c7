import { reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { quotasCollection, reservationsCollection } from "../collections.ts";
import { recordOf, refusalOf } from "./exchange.fixture.ts";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import { askingOf } from "./test-users.ts";

let mesh: GpioMesh;
afterEach(() => mesh.dispose());

function requestOf(node: number, resource: string, given: object) {
  const request = { node: nodeIdOf(node), resource, mode: { kind: "output" } };
  return reservationRequestSchema.parse({ ...request, ttlMs: null, ...given });
}

describe("quotas", () => {
  it("count what a tenant holds on all nodes, and are kept to by each of them", async () => {
    mesh = await startGpioMesh({ nodes: 2 });
    const { gpio } = mesh.peer(0);
    const set = (namespace: string, pins: number) =>
      mesh.finish(gpio.setQuota({ namespace, pins }, askingOf()));
    expect(await set("plant", 2)).toMatchObject({ namespace: "plant", pins: 2, used: { pins: 0 } });
    const plant = { namespace: "plant", powerMilliwatts: 20 };
    await mesh.finish(gpio.reserve(requestOf(0, "GPIO5", plant), askingOf()));
    await mesh.finish(gpio.reserve(requestOf(1, "GPIO5", plant), askingOf()));
    await mesh.run(1_000);
    expect(gpio.quotas(askingOf())[0]?.used).toMatchObject({ pins: 2, pwm: 0, powerMilliwatts: 40 });
    for (const node of [0, 1]) {
      const third = gpio.reserve(requestOf(node, "GPIO6", plant), askingOf());
      expect(await mesh.finish(refusalOf(third))).toContain("RESOURCE_EXHAUSTED");
    }
    await mesh.finish(gpio.removeQuota("plant", askingOf()));
    await mesh.run(1_000);
    await mesh.finish(gpio.reserve(requestOf(1, "GPIO6", plant), askingOf()));
    expect(await mesh.finish(refusalOf(gpio.removeQuota("plant", askingOf())))).toContain("NOT_FOUND");
  });

  it("are seen by those who may, in their own namespace, and set by nobody for his namespace alone", async () => {
    mesh = await startGpioMesh({ nodes: 1 });
    const { gpio } = mesh.peer(0);
    const set = (namespace: string, name: string) =>
      mesh.finish(refusalOf(gpio.setQuota({ namespace, pins: 1 }, askingOf(name))));
    expect(await set("home", "ada")).toBe("done");
    expect(await set("plant", "ada")).toBe("done");
    // Who may do everything in there must not lift his own limit.
    expect(await set("plant", "tom")).toContain("PERMISSION_DENIED");
    expect(await set("home", "tom")).toContain("PERMISSION_DENIED");
    expect(await set("plant", "mona")).toContain("PERMISSION_DENIED");
    const namespaces = (name: string) => gpio.quotas(askingOf(name)).map(({ namespace }) => namespace);
    expect(namespaces("ada")).toEqual(["home", "plant"]);
    expect(namespaces("tom")).toEqual(["plant"]);
    expect(() => namespaces("nemo")).toThrow("may not");
    for (const namespace of ["home", "plant"]) {
      const removal = refusalOf(gpio.removeQuota(namespace, askingOf("tom")));
      expect(await mesh.finish(removal)).toContain("PERMISSION_DENIED");
    }
  });

  it("count only under their own namespace, and what nodes say of their own pins", async () => {
    mesh = await startGpioMesh({ nodes: 2 });
    const { gpio, documents } = mesh.peer(0);
    const { documents: hostile } = mesh.peer(1);
    await mesh.finish(hostile.mesh.collection(quotasCollection).put("plant", { namespace: "home", pins: 0 }));
    await mesh.endOwner(1);
    const claimed = recordOf(nodeIdOf(0), { namespace: "home", resource: "GPIO9" });
    await mesh.finish(hostile.own.collection(reservationsCollection).put(claimed.id, claimed));
    await mesh.finish(gpio.setQuota({ namespace: "home", pins: 1 }, askingOf()));
    await mesh.until(
      () =>
        documents.mesh.collection(quotasCollection).get("plant") !== undefined &&
        documents.node(nodeIdOf(1)).collection(reservationsCollection).get(claimed.id) !== undefined,
    );
    for (const [resource, namespace] of [
      ["GPIO5", "plant"],
      ["GPIO6", "home"],
    ] as const) {
      await mesh.finish(gpio.reserve(requestOf(0, resource, { namespace }), askingOf()));
    }
    expect(gpio.quotas(askingOf()).map(({ namespace }) => namespace)).toEqual(["home"]);
  });
});

describe("the policy", () => {
  it("is the same on all nodes, and does nothing until somebody sets it", async () => {
    mesh = await startGpioMesh({ nodes: 2 });
    const { gpio } = mesh.peer(0);
    const none = gpio.policy(askingOf());
    expect(none).toEqual({
      onUnderVoltage: "nothing",
      onOverTemperature: "nothing",
      clear: "by-hand",
      boardMilliwatts: null,
    });
    const stops = { ...none, onUnderVoltage: "stop" } as const;
    expect(await mesh.finish(gpio.setPolicy(stops, askingOf()))).toEqual(stops);
    await mesh.run(1_000);
    expect(mesh.peer(1).gpio.policy(askingOf())).toEqual(stops);
    expect(await mesh.finish(refusalOf(gpio.setPolicy(none, askingOf("mona"))))).toContain(
      "PERMISSION_DENIED",
    );
    expect(() => gpio.policy(askingOf("nemo"))).toThrow("may not");
  });
});

describe("what a node can do", () => {
  it("is as it answers, and as it did last when it is away", async () => {
    mesh = await startGpioMesh({ nodes: 3 });
    const { gpio } = mesh.peer(0);
    const granted = await mesh.finish(gpio.reserve(requestOf(1, "GPIO18", {}), askingOf()));
    const of = (index: number, at = 0) =>
      mesh.finish(mesh.peer(at).gpio.node(nodeIdOf(index), askingOf("mona")));
    const there = await of(1);
    expect(there).toMatchObject({
      status: "current",
      membership: "alive",
      driver: "simulated",
      problem: null,
    });
    expect(there.header).toHaveLength(40);
    expect(there.header.find(({ gpio: bcm }) => bcm === 18)?.reservation).toBe(granted.id);
    expect((await of(0)).status).toBe("current");
    mesh.kill(1);
    await mesh.run(1_000);
    const away = await of(1);
    expect(away).toMatchObject({ status: "unknown", membership: "dead", driver: "simulated" });
    expect(away.header.find(({ gpio: bcm }) => bcm === 18)?.reservation).toBe(granted.id);
    const never = await of(1, 2);
    expect(never).toMatchObject({ status: "unknown", header: [], driver: "none" });
    expect(never.problem).toContain("out of reach");
    expect(await mesh.finish(refusalOf(gpio.node("node-of-nobody", askingOf())))).toContain("NOT_FOUND");
    expect(await mesh.finish(refusalOf(gpio.node(nodeIdOf(1), askingOf("nemo"))))).toContain(
      "PERMISSION_DENIED",
    );
  });

  it("is found out about its buses, too", async () => {
    mesh = await startGpioMesh({ nodes: 2 });
    const { gpio } = mesh.peer(0);
    const scan = await mesh.finish(gpio.scan(nodeIdOf(1), 1, askingOf()));
    expect(scan).toMatchObject({ node: nodeIdOf(1), bus: 1, addresses: [0x48] });
    const i2c = { mode: { kind: "i2c" }, ttlMs: 60_000 };
    const sensor = await mesh.finish(gpio.reserve(requestOf(1, "i2c-1:0x48", i2c), askingOf()));
    const { id, token } = sensor;
    if (token === null) throw new Error("expected a grant");
    const operations = [{ op: "read-register", register: 0, length: 2 }] as const;
    const read = await mesh.finish(gpio.i2c(id, { token, operations: [...operations] }, askingOf()));
    expect(read.results[0]).toHaveLength(2);
  });
});
