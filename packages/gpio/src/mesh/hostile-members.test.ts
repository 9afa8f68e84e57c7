// What a member that runs other software than ours can put into documents and answers, and what comes of it.
import type { ReadonlyDocument } from "@pi-controller/document";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { type GpioView, reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { desiredCollection, reservationsCollection, stopsCollection } from "../collections.ts";
import { ownerPrefix, reservationIdOf } from "../reservation-id.ts";
import { exchangeFixture, OWNER, recordOf, refusalOf, ULID } from "./exchange.fixture.ts";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import type { NodePins } from "./node-pins.ts";
import { NodeRouter } from "./node-router.ts";
import { routedGpio } from "./routed-gpio.ts";
import { askingOf } from "./test-users.ts";

let mesh: GpioMesh | undefined;
afterEach(async () => {
  await mesh?.dispose();
  mesh = undefined;
});

const high = { level: "high" } as const;

/** A user at peer 0 holds an output of peer 1; peer 2 is hostile. */
async function begin(): Promise<{
  readonly mesh: GpioMesh;
  readonly pump: GpioView;
  readonly token: string;
}> {
  const started = await startGpioMesh({ nodes: 3 });
  mesh = started;
  const request = { node: nodeIdOf(1), resource: "GPIO18", mode: { kind: "output" }, ttlMs: null };
  const parsed = reservationRequestSchema.parse({ ...request, keep: false });
  const pump = await started.finish(started.peer(0).gpio.reserve(parsed, askingOf()));
  if (pump.token === null) throw new Error("expected a grant");
  await started.run(1_000);
  return { mesh: started, pump, token: pump.token };
}

describe("a hostile member", () => {
  it("leaves no emergency stop that nobody can clear", async () => {
    const { mesh, pump, token } = await begin();
    const stop = { cause: "user", by: "ada", reason: "", since: "2026-01-01T00:00:00.000Z" } as const;
    const forged = mesh.peer(2).documents.mesh.collection(stopsCollection);
    await mesh.finish(forged.put("under-a-key", { ...stop, id: "of-another-name" }));
    await mesh.run(2_000);
    const { gpio } = mesh.peer(0);
    expect(gpio.stops(askingOf()).mesh).toEqual([]);
    await mesh.finish(gpio.clear(null, askingOf()));
    expect(await mesh.finish(refusalOf(gpio.write(pump.id, { token, value: high }, askingOf())))).toBe(
      "done",
    );
    // One that is as ours are stands, and is cleared.
    await mesh.finish(forged.put("a-stop", { ...stop, id: "a-stop" }));
    await mesh.run(2_000);
    const refused = refusalOf(gpio.write(pump.id, { token, value: high }, askingOf()));
    expect(await mesh.finish(refused)).toContain("FAILED_PRECONDITION");
    await mesh.finish(gpio.clear(null, askingOf()));
    await mesh.run(2_000);
    expect(await mesh.finish(refusalOf(gpio.write(pump.id, { token, value: high }, askingOf())))).toBe(
      "done",
    );
  });

  it("has no value shown as waiting that the owner never looks at", async () => {
    const { mesh, pump, token } = await begin();
    const left = {
      id: pump.id,
      node: "node-nobody-0001",
      token,
      value: high,
      writtenAt: "2026-01-01T00:00:00.000Z",
      applyBefore: "2030-01-01T00:00:00.000Z",
      signature: "none",
    };
    await mesh.finish(mesh.peer(2).documents.mesh.collection(desiredCollection).put(pump.id, left));
    const { gpio, documents } = mesh.peer(0);
    await mesh.until(() => documents.mesh.collection(desiredCollection).get(pump.id) !== undefined);
    const written = await mesh.finish(gpio.write(pump.id, { token, value: high }, askingOf()));
    expect(written.pending).toBeNull();
    expect((await mesh.finish(gpio.get(pump.id, askingOf()))).pending).toBeNull();
  });

  it("that hashes to another node's prefix gets nothing that is meant for that one's pins", () => {
    const prefixes = new Map<string, string>();
    let twins: readonly [string, string] | undefined;
    for (let index = 0; twins === undefined; index++) {
      const node = `node-twin-${index}`;
      const prefix = ownerPrefix(node);
      const other = prefixes.get(prefix);
      if (other !== undefined) twins = [other, node];
      prefixes.set(prefix, node);
    }
    const [one, other] = twins;
    const id = reservationIdOf(one, ULID);
    const routerWith = (claiming: readonly string[], self = "node-self") =>
      new NodeRouter(
        {
          own: {} as NodePins,
          remote: () => ({}) as NodePins,
          nodes: {
            all: () => [one, other],
            nameOf: (node) => node,
            stateOf: () => "alive",
            observe: () => () => undefined,
          },
          documents: {
            node: (node) => {
              const record = claiming.includes(node) ? recordOf(one) : undefined;
              return { collection: () => ({ get: () => record }) } as unknown as ReadonlyDocument;
            },
          },
        },
        { self },
      );
    expect(routerWith([one]).ownerOf(id)).toBe(one);
    expect(routerWith([other]).ownerOf(id)).toBe(other);
    expect(() => routerWith([one, other]).ownerOf(id)).toThrow(/claim this reservation/);
    expect(routerWith([one, other], one).ownerOf(id)).toBe(one);
  });

  it("shows none of another node's reservations as its own", async () => {
    const { mesh, pump } = await begin();
    const copy = { ...recordOf(nodeIdOf(1)), id: pump.id, resource: "GPIO4" };
    await mesh.endOwner(2);
    await mesh.finish(mesh.peer(2).documents.own.collection(reservationsCollection).put(copy.id, copy));
    const { gpio, documents } = mesh.peer(0);
    const ofHostile = documents.node(nodeIdOf(2)).collection(reservationsCollection);
    await mesh.until(() => ofHostile.get(copy.id) !== undefined);
    const { items } = await mesh.finish(gpio.list({ limit: 100 }, askingOf()));
    expect(items.map(({ node, resource }) => [node, resource])).toEqual([[nodeIdOf(1), "GPIO18"]]);
  });
});

describe("values that are left for an owner that is away", () => {
  it("are withdrawn by a later write that the owner has done", async () => {
    const { mesh } = await begin();
    const { documents } = mesh.peer(0);
    const id = reservationIdOf(OWNER, ULID);
    const desired = documents.mesh.collection(desiredCollection);
    // Its owner has not heard of it yet.
    const left = {
      id,
      node: OWNER,
      token: "1.1",
      value: high,
      writtenAt: "2026-01-01T00:00:00.000Z",
      applyBefore: "2030-01-01T00:00:00.000Z",
      signature: "of-ada",
    };
    await mesh.finish(desired.put(id, left));
    const { network, feed, nodes, owner } = await exchangeFixture();
    const gpio = routedGpio({
      owner,
      feed,
      documents,
      network: { self: OWNER, request: network.request.bind(network) },
      nodes: { ...nodes, all: () => [OWNER] },
      events: { emit() {} },
      now: () => Date.parse("2026-01-01T00:01:00.000Z"),
      clock: new VirtualClock(),
      random: seededRandom(1),
      logger: silentLogger,
    });
    const write = { token: "1.1", value: { level: "low" } } as const;
    expect((await mesh.finish(gpio.write(id, write, askingOf()))).pending).toBeNull();
    expect(desired.get(id)).toBeUndefined();
  });

  it("are not written to all cards of the mesh as fast as somebody can ask", async () => {
    const { mesh, pump, token } = await begin();
    const { gpio } = mesh.peer(0);
    mesh.kill(1);
    await mesh.run(5_000);
    const answers: string[] = [];
    for (let index = 0; index < 22; index++) {
      const value = { level: index % 2 === 0 ? "high" : "low" } as const;
      const work = gpio.write(pump.id, { token, value, applyWithinMs: 600_000 }, askingOf());
      answers.push(await mesh.finish(refusalOf(work)));
    }
    expect(answers.slice(0, 20).every((answer) => answer === "done")).toBe(true);
    expect(answers.at(-1)).toContain("RESOURCE_EXHAUSTED");
    await mesh.run(60_000);
    const again = gpio.write(pump.id, { token, value: high, applyWithinMs: 600_000 }, askingOf());
    expect(await mesh.finish(refusalOf(again))).toBe("done");
  });
});
