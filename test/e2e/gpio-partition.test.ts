import type { GpioView, NodeGpio, Problem } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { nodeOf } from "../support/acts.ts";
import { startMeshOn } from "../support/hosts.ts";
import { Ethernet } from "../support/namespaces.ts";
import { allSee, Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const LEASE_MS = 4_000;

describe.skipIf(skipWithout(capabilities.namespaces))("a pin in a mesh whose cable is out", () => {
  it("goes to one of two who ask for it on both sides, and is taken back from whoever went silent", async () => {
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const names = ["pi-a", "pi-b", "pi-c"];
    const hosts = new Map(names.map((name) => [name, ethernet.addHost(name)]));
    const [near, owner, far] = await startMeshOn(cleanup, hosts, { meshName: "pins" });
    const farHost = hosts.get("pi-c");
    if (near === undefined || owner === undefined || far === undefined || farHost === undefined) {
      throw new Error("Three were started");
    }
    await allSee([near, owner, far], names, "alive", 20_000);
    const node = await nodeOf(owner);
    const reserve = (peer: PeerProcess, resource: string, more: object = {}) =>
      peer.send("POST", "/api/v1/gpio", { node, resource, mode: { kind: "output" }, ...more });

    // Somebody on the far side holds a heater, and keeps it on.
    // Peers that have just joined may be known to be alive before it is known where.
    const heater = await waitFor(
      "the far side has a pin",
      async () => {
        const { status, body } = await reserve(far, "GPIO22", { ttlMs: LEASE_MS, onExpire: "low" });
        return status === 201 ? (body as GpioView) : undefined;
      },
      { withinMs: 10_000, everyMs: 100 },
    );
    const on = await far.send("PUT", `/api/v1/gpio/${heater.id}`, {
      token: heater.token,
      value: { level: "high" },
    });
    expect(on.status).toBe(200);

    farHost.cut();
    const cutAtMs = performance.now();
    // Both sides ask for one pin: the side without its owner is told so, and gets nothing.
    const [here, there] = await Promise.all([reserve(near, "GPIO17"), reserve(far, "GPIO17")]);
    expect(here.status).toBe(201);
    expect([503, 504]).toContain(there.status);
    expect((await reserve(near, "GPIO17")).status).toBe(409);

    // The owner ends the lease of whom it does not hear, and grants the pin to somebody whom it does.
    const taken = await waitFor(
      "the heater is free for the near side",
      async () => {
        const answer = await reserve(near, "GPIO22");
        return answer.status === 201 ? (answer.body as GpioView) : undefined;
      },
      { withinMs: LEASE_MS + 10_000, everyMs: 250 },
    );
    expect(performance.now() - cutAtMs).toBeGreaterThan(LEASE_MS - 1_000);
    expect(taken.observed.value?.level).toBe("low");

    farHost.plug();
    await allSee([near, owner, far], names, "alive", 40_000);
    const stale = await far.send("PUT", `/api/v1/gpio/${heater.id}`, {
      token: heater.token,
      value: { level: "high" },
    });
    expect(stale.status).toBe(409);
    const now = (await far.request(`/api/v1/gpio/${taken.id}`)).body as GpioView;
    expect(now.observed).toMatchObject({ status: "current", value: { level: "low" } });
    // What the far side asked for while it was alone was not done behind its back. Lists are of the owner's document,
    // which the far side has to get first.
    const first = here.body as GpioView;
    const held = await waitFor(
      "the far side knows who holds what",
      async () => {
        const listed = (await far.request(`/api/v1/gpio?node=${node}`)).body as { items: GpioView[] };
        const ids = listed.items.filter(({ resource }) => resource === "GPIO17").map(({ id }) => id);
        return ids.length > 0 ? ids : undefined;
      },
      { withinMs: 20_000, everyMs: 250 },
    );
    expect(held).toEqual([first.id]);
  });

  it("is not waited for any longer once its owner is believed dead", async () => {
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const names = ["pi-a", "pi-b", "pi-c"];
    const hosts = new Map(names.map((name) => [name, ethernet.addHost(name)]));
    const [near, owner] = await startMeshOn(cleanup, hosts, { meshName: "pins" });
    if (near === undefined || owner === undefined) throw new Error("Three were started");
    await allSee([near, owner], names, "alive", 20_000);
    const node = await nodeOf(owner);
    await waitFor(
      "the near side reaches the owner",
      async () => ((await near.request(`/api/v1/nodes/${node}/gpio`)).body as NodeGpio).status === "current",
      { withinMs: 10_000, everyMs: 100 },
    );
    hosts.get("pi-b")?.cut();
    const sinceMs = performance.now();
    const answer = await near.send("POST", "/api/v1/gpio", {
      node,
      resource: "GPIO17",
      mode: { kind: "output" },
    });
    const tookMs = performance.now() - sinceMs;
    // All of its time is 8 s, and nothing else tells that a cable is out.
    expect([answer.status, (answer.body as Problem).detail]).toEqual([
      503,
      expect.stringContaining("it may have been done"),
    ]);
    expect(tookMs).toBeLessThan(6_000);
  });
});
