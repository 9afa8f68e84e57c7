import { type ClientOptions, createClient, holdReservation } from "@pi-controller/client";
import { type GpioMesh, startGpioMesh } from "@pi-controller/gpio/testing";
import { systemClock } from "@pi-controller/runtime";
import type { GpioChange } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { bearerOf, type UserName } from "./testing/memory-security.ts";
import { startApi } from "./testing/start-api.ts";

/** Peers with real owners of simulated pins, routing and documents; here somebody talks to one of them over HTTP. */
describe("pins of a mesh, over the API of one peer", () => {
  let mesh: GpioMesh;
  beforeAll(async () => {
    mesh = await startGpioMesh({ nodes: 2, clock: systemClock() });
  });
  afterAll(() => mesh.dispose());

  const output = { kind: "output" } as const;
  const own = (resource: string) => ({ node: mesh.peer(0).id, resource, mode: output });
  const others = (resource: string) => ({ node: mesh.peer(1).id, resource, mode: output });

  async function clientOf(user: UserName = "ada", options: Partial<ClientOptions> = {}) {
    const { url } = await startApi({ pins: mesh.peer(0).gpio, limits: { requestBurst: 1e6 } });
    return createClient({ baseUrl: url, credentials: { bearer: bearerOf(user) }, ...options });
  }

  it.each([0, 1])("are driven, seen, and left in the state that was asked for: of node %i", async (index) => {
    const client = await clientOf();
    const { id: node, simulation } = mesh.peer(index);
    const reserved = await client.gpio.reserve({
      node,
      resource: "18",
      mode: output,
      name: "pump",
      onExpire: "low",
    });
    expect(reserved).toMatchObject({ resource: "GPIO18", state: "granted", holder: { userName: "ada" } });
    const { id, token } = reserved;
    const written = await client.gpio.write(id, { token: token ?? "", value: { level: "high" } });
    expect(written.observed).toMatchObject({ status: "current", value: { level: "high" } });
    expect(simulation.pins.level(18)).toBe("high");
    await expect(client.gpio.reserve({ node, resource: "header:12", mode: output })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    const listed = await client.gpio.list({ node });
    expect(listed.items.map((item) => item.name)).toEqual(["pump"]);
    expect((await client.gpio.node(node)).header.find(({ gpio }) => gpio === 18)?.reservation).toBe(id);
    await client.gpio.release(id, { token: token ?? "" });
    expect(simulation.pins.level(18)).toBe("low");
    await expect(
      client.gpio.write(id, { token: token ?? "", value: { level: "high" } }),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect(simulation.pins.level(18)).toBe("low");
  });

  it("are granted once, however often the same request with the same key arrives", async () => {
    const client = await clientOf();
    const once = { idempotencyKey: "the-same-request" };
    const terms = others("GPIO5");
    const answers = await Promise.all([1, 2, 3].map(() => client.gpio.reserve(terms, once)));
    expect(new Set(answers.map(({ id, token }) => `${id} ${token}`)).size).toBe(1);
    await expect(client.gpio.reserve(others("GPIO6"), once)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "Idempotency-Key" }] },
    });
    const [granted] = answers;
    await client.gpio.release(granted?.id ?? "", { token: granted?.token ?? "" });
  });

  it("are written in one request on several nodes, with a result each", async () => {
    const client = await clientOf();
    const held = await Promise.all(
      [own("GPIO22"), others("GPIO23")].map((terms) => client.gpio.reserve(terms)),
    );
    const writes = held.map(({ id, token }) => ({
      id,
      token: token ?? "",
      value: { level: "high" as const },
    }));
    const { results } = await client.gpio.batch({
      writes: [...writes, { ...writes[0], id: writes[0]?.id ?? "", token: "0.1", value: { level: "low" } }],
    });
    expect(results.map(({ ok, error }) => [ok, error?.code])).toEqual([
      [true, undefined],
      [true, undefined],
      [false, "ABORTED"],
    ]);
    expect([0, 1].map((index) => mesh.peer(index).simulation.pins.level(22 + index))).toEqual([
      "high",
      "high",
    ]);
    for (const { id, token } of writes) await client.gpio.release(id, { token });
  });

  it("are held by a program for longer than a term, and lost when somebody takes them", async () => {
    const client = await clientOf();
    const lost: string[] = [];
    const held = await holdReservation(
      client,
      { ...others("GPIO24"), ttlMs: 500 },
      { onLost: ({ code }) => lost.push(code) },
    );
    const { id } = held.view;
    const endsMs = performance.now() + 1_200;
    await vi.waitUntil(() => performance.now() > endsMs, { timeout: 3_000 });
    expect((await held.write({ level: "high" })).id).toBe(id);
    expect([held.isHeld, lost]).toEqual([true, []]);
    await client.gpio.release(id, { force: true });
    await vi.waitUntil(() => lost.length > 0);
    expect([held.isHeld, lost]).toEqual([false, ["ABORTED"]]);
  });

  it("stop everywhere at once, and stay so until somebody clears it and writes again", async () => {
    const client = await clientOf();
    const held = await client.gpio.reserve({ ...others("GPIO25"), onExpire: "low" });
    const write = { token: held.token ?? "", value: { level: "high" } } as const;
    await client.gpio.write(held.id, write);
    const stopped = await client.gpio.stop(null, "smoke");
    expect([stopped.mesh.length, stopped.unconfirmed]).toEqual([1, []]);
    const { pins } = mesh.peer(1).simulation;
    expect(pins.level(25)).toBe("low");
    await expect(client.gpio.write(held.id, write)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect((await client.gpio.clear(null)).mesh).toEqual([]);
    expect(pins.level(25)).toBe("low");
    // The other node hears of it by the document.
    await vi.waitFor(() => client.gpio.write(held.id, write));
    expect(pins.level(25)).toBe("high");
    await client.gpio.release(held.id, { token: write.token });
  });

  it("are seen and not touched by who may only see", async () => {
    const ada = await clientOf();
    const mona = await clientOf("mona");
    const held = await ada.gpio.reserve(others("GPIO26"));
    expect((await mona.gpio.get(held.id)).resource).toBe("GPIO26");
    const write = { token: held.token ?? "", value: { level: "high" } } as const;
    await expect(mona.gpio.write(held.id, write)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(mona.gpio.release(held.id, { force: true })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    await ada.gpio.release(held.id, { token: write.token });
  });

  it("tell a WebSocket client of 1,000 edges a second on 8 pins, none lost", async () => {
    const client = await clientOf();
    const lines = [4, 5, 6, 12, 13, 16, 17, 27];
    const held = await Promise.all(
      lines.map((line) =>
        client.gpio.reserve({ ...own(`GPIO${line}`), mode: { kind: "input", edges: "both" } }),
      ),
    );
    const edges: GpioChange[] = [];
    let coalescedInAll = 0;
    const stream = client.gpio.follow(
      {},
      {
        onChanges(changes, coalesced) {
          edges.push(...changes.filter(({ cause }) => cause === "edge"));
          coalescedInAll += coalesced;
        },
      },
    );
    onTestFinished(() => stream.close());
    await vi.waitUntil(() => stream.status.state === "live");
    const { pins } = mesh.peer(0).simulation;
    let made = 0;
    const startedMs = performance.now();
    // As many as are due by now: a busy machine is late, and makes up for it.
    await vi.waitUntil(
      () => {
        for (; made < performance.now() - startedMs && made < 1_000; made++) {
          pins.set(lines[made % 8] ?? 4, Math.floor(made / 8) % 2 === 0 ? "high" : "low");
        }
        return made === 1_000;
      },
      { interval: 5, timeout: 10_000 },
    );
    await vi.waitUntil(() => edges.length === 1_000, { timeout: 5_000 });
    expect(coalescedInAll).toBe(0);
    for (const line of lines) {
      const ofLine = edges.filter(({ gpio }) => gpio === line);
      expect(ofLine.map(({ level }) => level)).toEqual(
        Array.from({ length: 125 }, (_none, index) => (index % 2 === 0 ? "high" : "low")),
      );
      const times = ofLine.map(({ kernelTimestampNs }) => BigInt(kernelTimestampNs ?? -1));
      expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0n))).toBe(true);
    }
    for (const { id, token } of held) await client.gpio.release(id, { token: token ?? "" });
  });
});
