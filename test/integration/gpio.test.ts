import { type Client, createClient } from "@pi-controller/client";
import type { EventPage, GpioChange, GpioView, Level } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { addUser, logIn, makeApiToken, nodeOf } from "../support/acts.ts";
import { allSee, Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import {
  clientOf,
  codeOf,
  drive,
  levelOf,
  reserveInput,
  reserveOutput,
  simulate,
  tokenOf,
} from "../support/pins.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function peersOf(meshName: string, count: number): Promise<readonly PeerProcess[]> {
  const peers = await startMesh(cleanup, count, { meshName });
  await allSee(
    peers,
    peers.map(({ name }) => name),
    "alive",
    20_000,
  );
  return peers;
}

async function eventsOf(peer: PeerProcess, type: string): Promise<EventPage["items"]> {
  return ((await peer.request(`/api/v1/events?type=${type}`)).body as EventPage).items;
}

/** A simulated board looks five times a second at the file that wires its pins. */
async function shows(client: Client, sensor: GpioView, level: Level): Promise<void> {
  await waitFor(`the wire is ${level}`, async () => (await levelOf(client, sensor)) === level, {
    withinMs: 5_000,
  });
}

describe("a pin of another node", () => {
  it("is reserved, driven, watched and released through any peer, and has one holder", async () => {
    const [first, second] = await peersOf("pins", 2);
    if (first === undefined || second === undefined) throw new Error("Two were started");
    const owner = await nodeOf(second);
    const [near, far] = [clientOf(second), clientOf(first)];
    simulate(second, ["wire GPIO17 GPIO27"]);

    const sensor = await reserveInput(near, owner, "header:13");
    expect(sensor).toMatchObject({ resource: "GPIO27", gpio: 27, state: "granted", node: owner });
    const changes: GpioChange[] = [];
    const stream = far.gpio.follow({ node: owner }, { onChanges: (some) => changes.push(...some) });
    cleanup.add(() => stream.close());
    await waitFor("the stream is there", () => stream.status.state === "live", { withinMs: 5_000 });

    const pump = await reserveOutput(far, owner, "17", { name: "pump", purpose: "water", ttlMs: 20_000 });
    expect(pump).toMatchObject({ resource: "GPIO17", state: "granted", holder: { userName: "admin" } });
    expect(await codeOf(reserveOutput(near, owner, "GPIO17"))).toBe("ALREADY_EXISTS");
    expect((await drive(far, pump, "high")).observed).toMatchObject({
      status: "current",
      value: { level: "high" },
    });
    await shows(near, sensor, "high");
    await drive(near, pump, "low");
    expect(await levelOf(far, sensor)).toBe("low");
    await waitFor(
      "the stream told of both",
      () => changes.filter(({ gpio, cause }) => gpio === 27 && cause === "edge").length >= 2,
      { withinMs: 5_000 },
    );
    const [rise, fall] = changes.filter(({ gpio, cause }) => gpio === 27 && cause === "edge");
    expect([rise?.level, fall?.level]).toEqual(["high", "low"]);
    expect(BigInt(fall?.kernelTimestampNs ?? 0)).toBeGreaterThan(BigInt(rise?.kernelTimestampNs ?? 0));

    await far.gpio.release(pump.id, { token: tokenOf(pump) });
    expect(await codeOf(drive(far, pump, "high"))).toBe("ABORTED");
    const next = await reserveOutput(far, owner, "GPIO17");
    expect(Number(next.token?.split(".")[1])).toBeGreaterThan(Number(pump.token?.split(".")[1]));
    await waitFor(
      "both peers know from the owner's document who holds what",
      async () => (await far.gpio.list({ node: owner })).items.map(({ id }) => id).includes(next.id),
      { withinMs: 5_000 },
    );
  });

  it("goes to its safe state when the holder is silent, whose later write is refused", async () => {
    const [first, second] = await peersOf("silent", 2);
    if (first === undefined || second === undefined) throw new Error("Two were started");
    const owner = await nodeOf(second);
    const [near, far] = [clientOf(second), clientOf(first)];
    simulate(second, ["wire GPIO17 GPIO27"]);
    const sensor = await reserveInput(far, owner, "GPIO27");
    const heater = await reserveOutput(far, owner, "GPIO17", { ttlMs: 1_000, onExpire: "low" });
    await drive(far, heater, "high");
    await shows(near, sensor, "high");
    // The peer through which the holder speaks stops answering: the owner needs nobody to end the lease.
    first.signal("SIGSTOP");
    await shows(near, sensor, "low");
    const thief = await reserveOutput(near, owner, "GPIO17");
    first.signal("SIGCONT");
    await waitFor(
      "the paused holder's write is refused",
      async () => ["ABORTED", "NOT_FOUND"].includes((await codeOf(drive(far, heater, "high"))) ?? ""),
      { withinMs: 20_000, everyMs: 250 },
    );
    expect(await levelOf(near, sensor)).toBe("low");
    expect((await near.gpio.get(thief.id)).state).toBe("granted");
    expect((await eventsOf(second, "gpio.reservation.ended")).map(({ data }) => data["reason"])).toContain(
      "expired",
    );
  });
});

describe("a user who is disabled", () => {
  it("drives nothing any more, through no peer and by no credential; what he held can be taken", async () => {
    const [first, second, third] = await peersOf("disabled", 3);
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error("Three were started");
    }
    const owner = await nodeOf(second);
    const olga = await addUser(first, "olga", ["operator"]);
    const { cookie } = await logIn(first, olga);
    const token = await makeApiToken(first, olga, { cookie });
    const clients = [first, second, third].map((peer) =>
      createClient({ baseUrl: peer.url, credentials: { bearer: token } }),
    );
    const { id, ...heater } = await waitFor(
      "all know her",
      async () => {
        const codes = await Promise.all(clients.map((client) => codeOf(client.gpio.stops())));
        if (codes.some((code) => code !== undefined)) return undefined;
        const terms = { ttlMs: null, onExpire: "low" } as const;
        return clients[0] && reserveOutput(clients[0], owner, "GPIO17", terms);
      },
      { withinMs: 10_000 },
    );
    const write = { token: tokenOf({ id, ...heater }), value: { level: "high" } } as const;
    for (const client of clients) await client.gpio.write(id, write);
    const withSession = () =>
      first.request(`/api/v1/gpio/${id}`, {
        method: "PUT",
        headers: { "content-type": "application/json", cookie },
        body: JSON.stringify(write),
      });
    expect((await withSession()).status).toBe(200);
    const inLine = { node: owner, resource: "GPIO18", mode: { kind: "output" }, waitMs: 60_000 } as const;
    const pump = await reserveOutput(clientOf(first), owner, "GPIO18");
    expect((await clients[2]?.gpio.reserve(inLine))?.state).toBe("waiting");

    const disabled = { roles: ["operator"], disabled: true, password: first.access.password };
    expect((await first.send("PUT", `/api/v1/users/${olga.id}`, disabled)).status).toBe(200);
    await waitFor(
      "she drives nothing",
      async () => {
        const codes = await Promise.all(clients.map((client) => codeOf(client.gpio.write(id, write))));
        return codes.every((code) => code === "UNAUTHENTICATED") && (await withSession()).status === 401;
      },
      { withinMs: 5_000 },
    );
    // What she asked for before is not granted any more; what she had stands until somebody takes it.
    const admin = clientOf(second);
    await clientOf(first).gpio.release(pump.id, { token: tokenOf(pump) });
    expect(
      (await admin.gpio.list()).items.map(({ resource, holder }) => [resource, holder.userName]),
    ).toEqual([["GPIO17", "olga"]]);
    expect((await admin.gpio.get(id)).observed.value?.level).toBe("high");
    await admin.gpio.release(id, { force: true });
    const next = await reserveInput(admin, owner, "GPIO17");
    expect(next.state).toBe("granted");
  });
});

describe("an owner that is killed", () => {
  it("restores what stands with its token, and ends what was over meanwhile in its safe state", async () => {
    const [peer] = await peersOf("killed", 1);
    if (peer === undefined) throw new Error("One was started");
    const owner = await nodeOf(peer);
    const before = clientOf(peer);
    simulate(peer, ["wire GPIO17 GPIO27", "wire GPIO5 GPIO6"]);
    const sensor = await reserveInput(before, owner, "GPIO27");
    const other = await reserveInput(before, owner, "GPIO6");
    const lamp = await reserveOutput(before, owner, "GPIO17", { ttlMs: null });
    await drive(before, lamp, "high");
    await shows(before, sensor, "high");
    const heater = await reserveOutput(before, owner, "GPIO5", { ttlMs: 1_500, onExpire: "low" });
    await drive(before, heater, "high");
    expect(await levelOf(before, other)).toBe("high");
    const endsAtMs = Date.now() + 1_500;
    await peer.kill("SIGKILL");
    await waitFor("the lease is over", () => Date.now() > endsAtMs, { withinMs: 5_000 });

    const back = cleanup.peer(await peer.again());
    const after = clientOf(back);
    await waitFor("the lamp is on", async () => (await levelOf(after, sensor)) === "high", {
      withinMs: 10_000,
    });
    expect(await levelOf(after, other)).toBe("low");
    expect(await codeOf(after.gpio.get(heater.id))).toBe("NOT_FOUND");
    expect((await after.gpio.get(lamp.id)).token).toBe(lamp.token);
    await drive(after, lamp, "low");
    expect(await levelOf(after, sensor)).toBe("low");
    // Tokens rise over restarts.
    const next = await reserveOutput(after, owner, "GPIO5");
    expect(Number(next.token?.split(".")[0])).toBeGreaterThan(Number(lamp.token?.split(".")[0]));
  });

  it("in the middle of grants loses none that was acknowledged, and gives no pin to two", async () => {
    const [peer] = await peersOf("crashes", 1);
    if (peer === undefined) throw new Error("One was started");
    const owner = await nodeOf(peer);
    const pins = [4, 5, 6, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27];
    const acknowledged = new Map<string, string>();
    let current = peer;
    for (let round = 0; round < 4; round++) {
      const client = clientOf(current);
      const asked = pins.map(async (pin) => {
        for (let attempt = 0; attempt < 6; attempt++) {
          const idempotencyKey = `round-${round}-pin-${pin}-${attempt}`;
          const held = await client.gpio
            .reserve(
              { node: owner, resource: `${pin}`, mode: { kind: "output" }, ttlMs: null },
              { idempotencyKey },
            )
            .catch(() => undefined);
          if (held === undefined) continue;
          acknowledged.set(held.resource, held.id);
          // Given back now and then, so that there is always something to grant.
          if ((pin + attempt) % 3 !== 0) return;
          const released = await client.gpio.release(held.id, { token: tokenOf(held) }).then(
            () => true,
            () => undefined,
          );
          if (released !== true) {
            // Nobody knows whether it was done: either is right.
            acknowledged.delete(held.resource);
            return;
          }
          acknowledged.delete(held.resource);
        }
      });
      const dueMs = 5 + round * 25;
      const sinceMs = performance.now();
      await waitFor("some are granted", () => performance.now() - sinceMs > dueMs, {
        withinMs: 2_000,
        everyMs: 1,
      });
      await current.kill("SIGKILL");
      await Promise.all(asked);
      current = cleanup.peer(await current.again());
      const after = clientOf(current);
      const { items } = await after.gpio.list({ node: owner, state: "granted", limit: 500 });
      const holders = new Map(items.map(({ resource, id }) => [resource, id]));
      expect(holders.size).toBe(items.length);
      for (const [resource, id] of acknowledged) expect(holders.get(resource), resource).toBe(id);
      for (const { id, resource } of items) acknowledged.set(resource, id);
    }
  });
});

describe("an emergency stop", () => {
  it("of the mesh makes all outputs safe, also of a node that was away, and latches until it is cleared", async () => {
    const [first, second, third] = await peersOf("stop", 3);
    if (first === undefined || second === undefined || third === undefined)
      throw new Error("Three were started");
    const client = clientOf(first);
    const [nodeB, nodeC] = [await nodeOf(second), await nodeOf(third)];
    const motor = await reserveOutput(client, nodeB, "GPIO17", { ttlMs: null, onExpire: "low" });
    const valve = await reserveOutput(client, nodeC, "GPIO17", { ttlMs: null, onExpire: "low" });
    await drive(client, motor, "high");
    await drive(client, valve, "high");
    third.signal("SIGSTOP");
    const stopped = await client.gpio.stop(null, "smoke");
    expect(stopped.mesh).toHaveLength(1);
    expect(stopped.unconfirmed).toEqual([nodeC]);
    expect((await client.gpio.get(motor.id)).observed.value).toMatchObject({ level: "low", stopped: true });
    expect(await codeOf(drive(client, motor, "high"))).toBe("FAILED_PRECONDITION");
    third.signal("SIGCONT");
    await waitFor(
      "the node that was away is safe",
      async () => (await client.gpio.get(valve.id).catch(() => undefined))?.observed.value?.stopped === true,
      { withinMs: 20_000, everyMs: 100 },
    );
    expect((await client.gpio.get(valve.id)).observed.value?.level).toBe("low");

    // A restart does not clear it.
    await second.kill("SIGKILL");
    const back = cleanup.peer(await second.again());
    await allSee([first], [back.name], "alive", 20_000);
    expect((await clientOf(back).gpio.get(motor.id)).observed.value).toMatchObject({
      level: "low",
      stopped: true,
    });

    const cleared = await client.gpio.clear(null);
    expect(cleared.mesh).toEqual([]);
    await waitFor(
      "the motor may run again",
      async () => (await codeOf(drive(client, motor, "high"))) === undefined,
      {
        withinMs: 10_000,
      },
    );
    expect((await client.gpio.get(valve.id)).observed.value?.level).toBe("low");
  });
});

describe("what is wanted of a pin whose owner is away", () => {
  it("is applied when it returns in time, if the lease still stands", async () => {
    const [first, second] = await peersOf("away", 2);
    if (first === undefined || second === undefined) throw new Error("Two were started");
    const client = clientOf(first);
    const owner = await nodeOf(second);
    const lamp = await reserveOutput(client, owner, "GPIO17", { ttlMs: null });
    await waitFor("the other peer has heard of it", async () => (await client.gpio.list()).total === 1, {
      withinMs: 5_000,
    });
    await second.kill("SIGKILL");
    await allSee([first], [second.name], "dead", 20_000);
    expect(await codeOf(drive(client, lamp, "high"))).toBe("UNAVAILABLE");
    const pending = await client.gpio.write(lamp.id, {
      token: tokenOf(lamp),
      value: { level: "high" },
      applyWithinMs: 60_000,
    });
    expect(pending.pending).toMatchObject({ value: { level: "high" } });
    expect(pending.observed).toMatchObject({ status: "unknown", value: null });
    const back = cleanup.peer(await second.again());
    const near = clientOf(back);
    await waitFor("it is done", async () => (await levelOf(near, lamp)) === "high", {
      withinMs: 20_000,
      everyMs: 100,
    });
    await waitFor("it is pending no more", async () => (await client.gpio.get(lamp.id)).pending === null, {
      withinMs: 10_000,
    });
  });
});

describe("tenants", () => {
  it("are kept apart, each within its quota", async () => {
    const [first, second] = await peersOf("tenants", 2);
    if (first === undefined || second === undefined) throw new Error("Two were started");
    const client = clientOf(first);
    const owner = await nodeOf(second);
    await client.gpio.setQuota({ namespace: "garden", pins: 1 });
    await waitFor(
      "the owner knows of the quota",
      async () => (await clientOf(second).gpio.quotas()).some(({ namespace }) => namespace === "garden"),
      { withinMs: 5_000 },
    );
    const role = {
      description: "",
      rules: [{ verbs: ["*"], resources: ["gpio"], namespaces: ["garden"] }],
    };
    const made = await first.send("PUT", "/api/v1/roles/gardener", {
      ...role,
      password: first.access.password,
    });
    expect(made.status).toBe(200);
    const person = await addUser(first, "flora", ["gardener"]);
    const { cookie } = await logIn(first, person);
    const ask = (body: unknown) =>
      first.request("/api/v1/gpio", {
        method: "POST",
        headers: { cookie, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const wanted = { node: owner, mode: { kind: "output" }, ttlMs: 30_000 };
    expect((await ask({ ...wanted, resource: "GPIO17", namespace: "garden" })).status).toBe(201);
    expect((await ask({ ...wanted, resource: "GPIO22", namespace: "house" })).status).toBe(403);
    expect((await ask({ ...wanted, resource: "GPIO22", namespace: "garden" })).status).toBe(429);
    const mine = await reserveOutput(client, owner, "GPIO22", { namespace: "house" });
    const list = await first.request("/api/v1/gpio", { headers: { cookie } });
    expect((list.body as { items: { namespace: string }[] }).items.map(({ namespace }) => namespace)).toEqual(
      ["garden"],
    );
    const seen = await first.request(`/api/v1/gpio/${mine.id}`, { headers: { cookie } });
    expect([403, 404]).toContain(seen.status);
  });
});
