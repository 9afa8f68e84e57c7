import { describe, expect, it } from "vitest";
import { nodesCollection } from "./collections.ts";
import { Fixture, type FixturePeer, PENDING_ADDRESS } from "./nodes.fixture.ts";

/** After this time a new peer that finds nobody has entered itself in the roster. */
const ALONE_MS = 2_000;
const context = { correlationId: "request-1" };
const IDS = ["peer-aaaa1", "peer-bbbb2", "peer-cccc3"] as const;

async function mesh(count: number) {
  const fixture = new Fixture();
  for (const [index, id] of IDS.slice(0, count).entries()) {
    await fixture.add(id, { name: `pi-${index}` });
    if (index > 0) await fixture.connectAll();
  }
  const [one, two] = fixture.peers as [FixturePeer, FixturePeer];
  return { fixture, one, two };
}

describe("a node", () => {
  it("enters itself in the roster, with its board and where it answers", async () => {
    const { one, two } = await mesh(2);
    for (const peer of [one, two]) {
      expect(peer.names()).toEqual(["pi-0", "pi-1"]);
      expect(peer.nodes.get(IDS[1]).value).toMatchObject({
        kind: "peer",
        self: peer === two,
        membership: { state: "alive", bootEpoch: 1 },
        apiUrls: ["http://127.0.0.1:8080"],
        version: "1.0.0",
        board: { family: "pi-5" },
      });
    }
  });

  it("takes another name when it finds the wanted one in use", async () => {
    const fixture = new Fixture();
    const one = await fixture.add(IDS[0]);
    await fixture.run(ALONE_MS);
    const two = await fixture.add(IDS[1]);
    await fixture.connectAll();
    expect(one.names()).toEqual(["raspberrypi", "raspberrypi-bbbb2"]);
    expect(two.names()).toEqual(one.names());
  });

  it("gives way, the later one, when two sides gave one name twice", async () => {
    const fixture = new Fixture();
    // Alone for longer than they wait for a roster.
    const one = await fixture.add(IDS[1]);
    await fixture.run(10_000);
    const two = await fixture.add(IDS[0]);
    await fixture.run(10_000);
    expect(one.names()).toEqual(["raspberrypi"]);
    expect(two.names()).toEqual(["raspberrypi"]);
    await fixture.connectAll();
    await fixture.run(5_000);
    expect(one.nodes.get(IDS[1]).value.name).toBe("raspberrypi");
    expect(one.nodes.get(IDS[0]).value.name).toBe("raspberrypi-aaaa1");
    expect(two.names()).toEqual(one.names());
  });

  it("keeps its name when one whose clock was never set comes with it", async () => {
    const fixture = new Fixture();
    const one = await fixture.add(IDS[0]);
    await fixture.run(ALONE_MS);
    fixture.clock.jumpTo(Date.UTC(1970, 0, 1));
    await fixture.add(IDS[1]);
    await fixture.run(ALONE_MS);
    await fixture.connectAll();
    await fixture.run(5_000);
    expect(one.nodes.get(IDS[0]).value.name).toBe("raspberrypi");
    expect(one.nodes.get(IDS[1]).value.name).toBe("raspberrypi-bbbb2");
  });

  it("stops at once, also while it still waits for others before its first write", async () => {
    const { fixture, two } = await mesh(2);
    const disk = two.disk;
    fixture.hub.kill(IDS[0]);
    fixture.hub.kill(IDS[1]);
    disk.kill();
    const again = await fixture.add(IDS[1], { disk });
    let isStopped = false;
    void again.registration.stop().then(() => {
      isStopped = true;
    });
    await fixture.run(10);
    expect(isStopped).toBe(true);
  });

  it("enters itself again when its entry was taken out while it lives", async () => {
    const { fixture, one, two } = await mesh(2);
    fixture.hub.partition([[IDS[0]], [IDS[1]]]);
    await fixture.run(60_000);
    expect(one.nodes.get(IDS[1]).value.membership.state).toBe("dead");
    await fixture.finish(one.nodes.forget(IDS[1], context));
    expect(one.names()).toEqual(["pi-0"]);
    fixture.hub.healAll();
    await fixture.connectAll();
    await fixture.run(10_000);
    expect(one.names()).toEqual(["pi-0", "pi-1"]);
    expect(two.names()).toEqual(["pi-0", "pi-1"]);
    expect(one.nodes.get(IDS[1]).value.board).not.toBeNull();
  });

  it("enters itself again when its entry was taken out while it was off, and forgets nothing of itself", async () => {
    const { fixture, one, two } = await mesh(2);
    fixture.hub.kill(IDS[1]);
    await fixture.run(10_000);
    await fixture.finish(one.nodes.forget(IDS[1], context));
    two.disk.kill();
    const again = await fixture.add(IDS[1], { disk: two.disk, name: "pi-1" });
    await fixture.connectAll();
    await fixture.run(20_000);
    for (const peer of [one, again]) expect(peer.names()).toEqual(["pi-0", "pi-1"]);
    expect(again.errors).toEqual([]);
  });
});

describe("registering by hand", () => {
  it("records a machine without a peer once, however often it is registered", async () => {
    const { fixture, one, two } = await mesh(2);
    const registration = { address: "192.168.1.50", macAddress: "dc:a6:32:01:02:03" };
    const first = await fixture.finish(one.nodes.register(registration, context));
    expect(first).toMatchObject({
      created: true,
      value: { kind: "manual", name: "192-168-1-50", membership: { state: "unknown" }, lastSeen: null },
    });
    await fixture.run(100);
    const again = await fixture.finish(two.nodes.register({ address: "192.168.1.50:22" }, context));
    expect(again).toMatchObject({ created: false, value: { id: first.value.id } });
    const moved = { ...registration, address: "192.168.1.51" };
    expect(await fixture.finish(two.nodes.register(moved, context))).toMatchObject({ created: false });
    expect(
      one.events().filter(({ type, node }) => type === "cluster.node.added" && node === first.value.id),
    ).toHaveLength(1);
  });

  it("is for members, too: names the one that answers at the address", async () => {
    const fixture = new Fixture();
    const one = await fixture.add(IDS[0], { name: "pi-0" });
    await fixture.add(IDS[1], { name: "pi-1" });
    await fixture.run(ALONE_MS);
    const address = fixture.hub.addressOf(IDS[1]);
    const registration = { address, name: "kitchen", labels: { room: "kitchen" } };
    const joined = await fixture.finish(one.nodes.register(registration, context));
    expect(joined).toMatchObject({
      value: { id: IDS[1], kind: "peer", name: "kitchen", labels: { room: "kitchen" } },
    });
  });

  it("is refused for a peer that has to be approved", async () => {
    const { fixture, one } = await mesh(1);
    await fixture.run(ALONE_MS);
    const refused = fixture.finish(one.nodes.register({ address: PENDING_ADDRESS }, context));
    await expect(refused).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("approve it"),
    });
    expect(one.names()).toEqual(["pi-0"]);
  });

  it("refuses a name that is taken, and writes nothing", async () => {
    const { fixture, one } = await mesh(1);
    await fixture.run(ALONE_MS);
    const refused = fixture.finish(one.nodes.register({ address: "192.168.1.50", name: "pi-0" }, context));
    await expect(refused).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      details: { fields: [{ field: "name" }] },
    });
    expect(one.names()).toEqual(["pi-0"]);
  });
});

describe("changing a node", () => {
  it("lets one of two writers with the same revision through", async () => {
    const { fixture, one } = await mesh(1);
    await fixture.run(ALONE_MS);
    const { revision } = one.nodes.get(IDS[0]);
    const writes = await fixture.finish(
      Promise.allSettled([
        one.nodes.update(IDS[0], { name: "attic" }, revision, context),
        one.nodes.update(IDS[0], { name: "cellar" }, revision, context),
      ]),
    );
    expect(writes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(one.names()).toEqual(["attic"]);
    expect(one.nodes.get(IDS[0]).revision).not.toBe(revision);
  });

  it("changes nothing, and tells nothing, when all is as it was", async () => {
    const { fixture, one } = await mesh(1);
    await fixture.run(ALONE_MS);
    const { revision } = one.nodes.get(IDS[0]);
    await fixture.finish(one.nodes.update(IDS[0], { name: "pi-0" }, revision, context));
    expect(one.nodes.get(IDS[0]).revision).toBe(revision);
    expect(one.events().map(({ type }) => type)).not.toContain("cluster.node.updated");
  });

  it("says which node it does not know", async () => {
    const { one } = await mesh(1);
    expect(() => one.nodes.get("peer-unknown")).toThrow("There is no node peer-unknown");
    expect(() => one.nodes.metrics("peer-unknown", { limit: 1 })).toThrow("There is no node");
  });
});

describe("an entry of a peer that was not admitted", () => {
  it("is not shown, whoever wrote it, until it is", async () => {
    const { fixture, one, two } = await mesh(2);
    const record = { ...one.nodes.get(IDS[1]).value, id: "stranger-1", name: "stranger" };
    const { kind, labels, createdAt, updatedAt } = record;
    const forged = { id: record.id, kind, name: record.name, labels, createdAt, updatedAt };
    await fixture.finish(two.documents.mesh.collection(nodesCollection).put(forged.id, forged));
    await fixture.run(1_000);
    expect(one.names()).toEqual(["pi-0", "pi-1"]);
    expect(one.nodes.mesh().counts).toMatchObject({ alive: 2, unknown: 0 });
    fixture.members.admit(forged.id);
    expect(one.names()).toEqual(["pi-0", "pi-1", "stranger"]);
  });
});

describe("removing a node", () => {
  it("is refused while it belongs to the mesh", async () => {
    const { fixture, one } = await mesh(2);
    for (const id of [IDS[0], IDS[1]]) {
      await expect(fixture.finish(one.nodes.remove(id, undefined, context))).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
      });
    }
    expect(one.names()).toEqual(["pi-0", "pi-1"]);
  });

  it("leaves nothing of a revoked one on any peer", async () => {
    const { fixture, one, two } = await mesh(3);
    fixture.hub.kill(IDS[2]);
    await fixture.run(10_000);
    expect(one.nodes.get(IDS[2]).value.membership.state).toBe("dead");
    fixture.members.revoke(IDS[2]);
    expect(one.names()).toEqual(["pi-0", "pi-1"]);
    expect(() => one.nodes.get(IDS[2])).toThrow("There is no node");
    await fixture.finish(one.nodes.forget(IDS[2], context));
    await fixture.run(15_000);
    for (const peer of [one, two]) {
      expect(peer.names()).toEqual(["pi-0", "pi-1"]);
      expect(peer.nodes.mesh().counts).toMatchObject({ alive: 2, dead: 0 });
      expect(peer.nodes.mesh().document.documents).toBe(3);
    }
  });
});

describe("what a peer sees of the others", () => {
  it("is told in its own log, and looks like a partition when several are lost at once", async () => {
    const { fixture, one, two } = await mesh(3);
    fixture.hub.partition([[IDS[0]], [IDS[1], IDS[2]]]);
    await fixture.run(60_000);
    expect(one.nodes.mesh().partition?.unreachable.toSorted()).toEqual([IDS[1], IDS[2]]);
    expect(two.nodes.mesh().partition).toBeNull();
    fixture.hub.healAll();
    await fixture.connectAll();
    await fixture.run(10_000);
    expect(one.nodes.mesh()).toMatchObject({ partition: null, counts: { alive: 3 } });
    const types = one.events().map(({ type }) => type);
    expect(types.filter((type) => type.startsWith("mesh."))).toEqual([
      "mesh.partition.suspected",
      "mesh.partition.healed",
    ]);
  });

  it("is no partition any more once those that were lost have been removed", async () => {
    const { fixture, one } = await mesh(3);
    for (const id of [IDS[1], IDS[2]]) fixture.hub.kill(id);
    await fixture.run(10_000);
    expect(one.nodes.mesh().partition).not.toBeNull();
    for (const id of [IDS[1], IDS[2]]) {
      fixture.members.revoke(id);
      await fixture.finish(one.nodes.forget(id, context));
    }
    await fixture.run(1_000);
    expect(one.nodes.mesh().partition).toBeNull();
    expect(one.events().map(({ type }) => type)).toContain("mesh.partition.healed");
  });

  it("lasts as long as it lasted when the wall clock is set meanwhile", async () => {
    const { fixture, one } = await mesh(3);
    fixture.hub.partition([[IDS[0]], [IDS[1], IDS[2]]]);
    await fixture.run(60_000);
    const setTo = Date.UTC(2030, 0, 1);
    fixture.clock.jumpTo(setTo);
    const { partition } = one.nodes.mesh();
    expect(Date.parse(partition?.since ?? "")).toBeGreaterThan(setTo - 60_000);
    fixture.hub.healAll();
    await fixture.connectAll();
    await fixture.run(10_000);
    const [healed] = one.told("mesh.partition.healed");
    expect(healed?.data["durationMs"]).toBeLessThan(80_000);
  });
});
