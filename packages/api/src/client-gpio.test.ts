import { type ClientOptions, createClient } from "@pi-controller/client";
import { describe, expect, it } from "vitest";
import { Router } from "./routes/router.ts";
import { memberRoutes, nameOf } from "./testing/ask.ts";
import { reservationId, STALE_TOKEN, TOKEN } from "./testing/gpio-samples.ts";
import { bearerOf } from "./testing/memory-security.ts";
import { nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

const credentials = { bearer: bearerOf("ada") };
const terms = { node: nodeId(1), resource: "GPIO4", mode: { kind: "output" } } as const;

async function started(options: Partial<ClientOptions> = {}) {
  const { url, gpio } = await startApi();
  return { gpio, client: createClient({ baseUrl: url, credentials, ...options }) };
}

describe("the client of pins", () => {
  it("has a call for every route", async () => {
    const asked = new Set<string>();
    const router = new Router(memberRoutes());
    const { client } = await started({
      fetch: (input, init) => {
        const path = new URL(input instanceof Request ? input.url : input).pathname;
        const match = router.match(init?.method ?? "GET", path);
        if (match.kind === "route") asked.add(nameOf(match.route));
        return fetch(input, init);
      },
    });
    const pins = client.gpio;
    const view = await pins.reserve({ ...terms, waitMs: 5 });
    expect(view).toMatchObject({ resource: "GPIO4", state: "granted", ttlMs: 60_000 });
    expect((await pins.list({ limit: 2, node: nodeId(1) })).nextCursor).toBe("2");
    expect((await pins.get(view.id)).id).toBe(view.id);
    expect((await pins.write(view.id, { token: TOKEN, value: { level: "high" } })).pending).toBeNull();
    expect((await pins.renew(view.id, { token: TOKEN, ttlMs: 1_000 })).remainingMs).toBe(60_000);
    expect((await pins.transfer(view.id, { token: TOKEN, to: "mona" })).holder.userName).toBe("mona");
    const writes = [0, 99].map((number) => ({
      id: reservationId(number),
      token: TOKEN,
      value: { dutyCycle: 0.5 },
    }));
    expect((await pins.batch({ writes })).results.map(({ ok }) => ok)).toEqual([true, false]);
    const read = { op: "read-register", register: 0xd0 } as const;
    expect((await pins.i2c(view.id, { token: TOKEN, operations: [read] })).results).toEqual([[0x42]]);
    const transfers = [{ bytes: [1, 2] }];
    expect((await pins.spi(view.id, { token: TOKEN, transfers })).results).toEqual([[1, 2]]);
    expect((await pins.scan(nodeId(1), 1)).addresses).toEqual([0x48]);
    expect((await pins.node(nodeId(1))).header).toHaveLength(1);
    expect((await pins.stop(null, "smoke")).mesh).toMatchObject([{ reason: "smoke" }]);
    await pins.stop(nodeId(1));
    expect((await pins.clear(null)).mesh).toEqual([]);
    await pins.clear(nodeId(1));
    expect((await pins.stops()).nodes).toEqual([]);
    expect(await pins.setQuota({ namespace: "plant", pins: 2 })).toMatchObject({ pins: 2 });
    expect(await pins.quotas()).toHaveLength(2);
    await pins.removeQuota("plant");
    expect((await pins.setPolicy({ onUnderVoltage: "stop" })).clear).toBe("by-hand");
    expect((await pins.policy()).onUnderVoltage).toBe("stop");
    await pins.release(view.id, { token: TOKEN });
    const ofPins = memberRoutes().filter(({ tag }) => tag === "gpio");
    expect([...asked].sort()).toEqual(ofPins.map(nameOf).sort());
  });

  it("throws what the owner said", async () => {
    const { client } = await started();
    const stale = client.gpio.write(reservationId(0), { token: STALE_TOKEN, value: { level: "high" } });
    await expect(stale).rejects.toMatchObject({ code: "ABORTED" });
    await expect(client.gpio.reserve({ ...terms, resource: "GPIO18" })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    await expect(client.gpio.node(nodeId(9))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("hands a key over for what may have to be sent twice", async () => {
    const { client, gpio } = await started();
    await client.gpio.reserve(terms, { idempotencyKey: "my-key-01" });
    expect(gpio.changes.at(-1)?.asking.idempotencyKey).toBe("my-key-01");
    await expect(client.gpio.reserve(terms, { idempotencyKey: "short" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "Idempotency-Key" }] },
    });
  });
});
