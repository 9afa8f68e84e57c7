import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ScriptedGate } from "../connector/gate.fixture.ts";
import { type SimulatedMember, SimulatedMesh, stateOf } from "./simulated-mesh.ts";

const SEEDS = [1, 2, 3];

/** Who was ever declared dead, and by whom. */
function deaths(observers: readonly SimulatedMember[]) {
  return observers.flatMap(({ id: by, changes }) =>
    changes
      .filter(({ member }) => member.state === "dead")
      .map(({ id, reason, atMs }) => ({ by, id, reason, atMs })),
  );
}

function suspicions(observers: readonly SimulatedMember[]) {
  return observers.flatMap(({ id: by, changes }) =>
    changes.filter(({ member }) => member.state === "suspect").map(({ id, reason }) => ({ by, id, reason })),
  );
}

// Minutes of virtual time take seconds on a busy machine.
describe.each(SEEDS)("Membership (seed %i)", { timeout: 30_000 }, (seed) => {
  it("finds all members alive and keeps believing so", async () => {
    const mesh = await SimulatedMesh.of(10, seed);
    await mesh.clock.advance(120_000);
    expect(suspicions(mesh.all)).toEqual([]);
    expect(deaths(mesh.all)).toEqual([]);
    for (const one of mesh.all) expect(one.membership.members().size).toBe(10);
  });

  it("knows of a killed process at once, everywhere", async () => {
    const mesh = await SimulatedMesh.of(10, seed);
    const { id } = mesh.get(4);
    mesh.hub.kill(id);
    const tookMs = await mesh.until(() => mesh.others(id).every((one) => stateOf(one, id) === "dead"));
    expect(tookMs).toBeLessThan(100);
    await mesh.clock.advance(10_000);
    expect(new Set(deaths(mesh.others(id)).map((death) => death.id))).toEqual(new Set([id]));
    expect(mesh.get(0).changes.at(-1)?.reason).toMatch(/refuses connections|said so/);
  });

  it("declares a stopped process dead between 2 and 3.5 seconds later, and takes it back when it goes on", async () => {
    const mesh = await SimulatedMesh.of(20, seed);
    const { id } = mesh.get(7);
    await mesh.clock.advance(1_000);
    mesh.hub.pause(id);
    const tookMs = await mesh.until(() => mesh.others(id).every((one) => stateOf(one, id) === "dead"));
    expect(tookMs).toBeGreaterThan(2_000);
    expect(tookMs).toBeLessThan(3_500);
    await mesh.clock.advance(8_000);
    mesh.hub.resume(id);
    const backMs = await mesh.until(() => mesh.others(id).every((one) => stateOf(one, id) === "alive"));
    expect(backMs).toBeLessThan(500);
    expect(new Set(deaths(mesh.all).map((death) => death.id))).toEqual(new Set([id]));
  });

  it("never declares a process dead that stood still for two seconds, nor does that one blame others", async () => {
    const mesh = await SimulatedMesh.of(20, seed);
    for (let round = 0; round < 15; round++) {
      await mesh.clock.advance(1_000 + 1_000 * mesh.random.next());
      const { id } = mesh.get(round);
      mesh.hub.pause(id);
      await mesh.clock.advance(2_000);
      mesh.hub.resume(id);
      await mesh.until(() => mesh.all.every((one) => stateOf(one, id) === "alive"), 1_000);
    }
    expect(deaths(mesh.all)).toEqual([]);
  });

  it("sees two sides of a cut link part and come together again", async () => {
    const mesh = await SimulatedMesh.of(8, seed);
    const left = mesh.all.slice(0, 3);
    const right = mesh.all.slice(3);
    mesh.hub.partition([left.map(({ id }) => id), right.map(({ id }) => id)]);
    await mesh.clock.advance(300_000);
    for (const [here, there] of [
      [left, right],
      [right, left],
    ] as const) {
      for (const one of here) {
        for (const { id } of there) expect(stateOf(one, id)).toBe("dead");
        for (const { id } of here) expect(stateOf(one, id)).toBe("alive");
      }
    }
    mesh.hub.healAll();
    const tookMs = await mesh.until(() =>
      mesh.all.every((one) => mesh.all.every(({ id }) => stateOf(one, id) === "alive")),
    );
    expect(tookMs).toBeLessThan(4_000);
    const before = deaths(mesh.all).length;
    await mesh.clock.advance(60_000);
    expect(deaths(mesh.all).length).toBe(before);
    // Each side lost sight of the other once, and never of its own.
    expect(before).toBe(2 * left.length * right.length);
  });

  it("declares nobody dead while 30 % of all messages are lost", async () => {
    const mesh = await SimulatedMesh.of(10, seed);
    mesh.hub.links.change({ lossFraction: 0.3, latencyMs: 5, latencySpreadMs: 4 });
    await mesh.clock.advance(120_000);
    expect(deaths(mesh.all)).toEqual([]);
    const { id } = mesh.get(2);
    mesh.hub.powerOff(id);
    await mesh.until(() => mesh.others(id).every((one) => stateOf(one, id) === "dead"), 15_000);
  });
});

describe("Membership", { timeout: 30_000 }, () => {
  it("finds a machine without power dead, also when nobody can be reached there", async () => {
    const mesh = await SimulatedMesh.of(5, 11);
    const { id } = mesh.get(2);
    mesh.hub.powerOff(id);
    await mesh.until(() => mesh.others(id).every((one) => stateOf(one, id) === "dead"), 5_000);
    await mesh.clock.advance(60_000);
    expect(mesh.others(id).every((one) => stateOf(one, id) === "dead")).toBe(true);
  });

  it("tells of a departure at once, and nobody suspects who left", async () => {
    const mesh = await SimulatedMesh.of(6, 12);
    const leaver = mesh.get(3);
    const leaving = leaver.membership.leave();
    await mesh.clock.advance(50);
    await leaving;
    for (const one of mesh.others(leaver.id)) expect(stateOf(one, leaver.id)).toBe("left");
    await leaver.membership.stop();
    await leaver.network.stop();
    await mesh.clock.advance(30_000);
    for (const one of mesh.others(leaver.id)) {
      expect(stateOf(one, leaver.id)).toBe("left");
      expect(one.changes.filter(({ id }) => id === leaver.id).map(({ member }) => member.state)).toEqual([
        "alive",
        "left",
      ]);
    }
  });

  it("takes a process that started again for the same member, with its new boot epoch", async () => {
    const mesh = await SimulatedMesh.of(5, 13);
    const { id } = mesh.get(1);
    mesh.hub.kill(id);
    await mesh.clock.advance(5_000);
    await mesh.start(id, 2);
    const back = () => mesh.all.every((one) => one.membership.member(id)?.bootEpoch === 2);
    const tookMs = await mesh.until(() => back() && mesh.all.every((one) => stateOf(one, id) === "alive"));
    expect(tookMs).toBeLessThan(3_000);
    expect(mesh.get(0).membership.members().size).toBe(5);
  });

  it("suspects nobody when a connection is closed on purpose", async () => {
    const mesh = await SimulatedMesh.of(5, 14);
    for (let round = 0; round < 10; round++) {
      await mesh.get(0).network.disconnect(mesh.get(1 + (round % 4)).id);
      await mesh.clock.advance(1_000);
    }
    expect(suspicions(mesh.all)).toEqual([]);
    expect(deaths(mesh.all)).toEqual([]);
  });

  it("works for two", async () => {
    const mesh = await SimulatedMesh.of(2, 15);
    await mesh.clock.advance(30_000);
    expect(suspicions(mesh.all)).toEqual([]);
    mesh.hub.pause(mesh.get(1).id);
    await mesh.until(() => stateOf(mesh.get(0), mesh.get(1).id) === "dead", 4_000);
    mesh.hub.resume(mesh.get(1).id);
    await mesh.until(() => stateOf(mesh.get(0), mesh.get(1).id) === "alive", 3_000);
    expect(deaths([mesh.get(1)])).toEqual([]);
  });

  it("asks through others who cannot be reached directly, and suspects nobody for it", async () => {
    const mesh = await SimulatedMesh.of(6, 16);
    mesh.hub.cut(mesh.get(0).id, mesh.get(1).id);
    await mesh.clock.advance(120_000);
    expect(deaths(mesh.all)).toEqual([]);
  });

  it("skips requests and broadcasts that make no sense", async () => {
    const mesh = await SimulatedMesh.of(3, 17);
    const { network, gossip } = mesh.get(0);
    const garbage = new TextEncoder().encode('{"updates":[{"id":"x","state":"undead"}]}');
    const refusals: unknown[] = [];
    const methods = ["probe", "compare", "sync", "indirect-probe"].map((name) => `membership.${name}`);
    for (const method of methods) {
      network
        .request(mesh.get(1).id, method, garbage, { timeoutMs: 1_000 })
        .catch(({ code }: { code: string }) => refusals.push(code));
    }
    await gossip.publish("membership", garbage);
    await gossip.publish("membership", new Uint8Array([255, 0, 255]));
    await mesh.clock.advance(5_000);
    expect(refusals).toEqual(methods.map(() => "INVALID_ARGUMENT"));
    for (const one of mesh.all) for (const { id } of mesh.all) expect(stateOf(one, id)).toBe("alive");
  });

  it("forgets a member that may no longer be one, whatever others say of it, and knows it again when it may", async () => {
    const mesh = await SimulatedMesh.of(4, 18);
    const gate = new ScriptedGate();
    const strict = await mesh.start("member-strict", 1, gate);
    const { id } = mesh.get(2);
    await mesh.until(() => mesh.all.every((one) => stateOf(strict, one.id) === "alive"));
    gate.deny(id);
    expect(stateOf(strict, id)).toBeUndefined();
    // The others still talk to it, and of it.
    mesh.hub.pause(id);
    await mesh.clock.advance(10_000);
    mesh.hub.resume(id);
    await mesh.clock.advance(60_000);
    expect(stateOf(mesh.get(0), id)).toBe("alive");
    expect(stateOf(strict, id)).toBeUndefined();
    gate.allow(id);
    await mesh.until(() => stateOf(strict, id) === "alive");
  });

  it("cannot be made with a boot epoch that other peers would not accept", async () => {
    const mesh = new SimulatedMesh(19);
    await expect(mesh.start("member-000", 2 ** 48)).rejects.toThrow(MeshError);
  });
});
