import { VirtualClock } from "@pi-controller/runtime";
import { gpioViewSchema, problemSchema } from "@pi-controller/schema";
import { describe, expect, it, vi } from "vitest";
import { gpioView, reservationId, STALE_TOKEN, TOKEN } from "./testing/gpio-samples.ts";
import type { UserName } from "./testing/memory-security.ts";
import { nodeId } from "./testing/samples.ts";
import { asUser, startApi, type TestApi } from "./testing/start-api.ts";

const json = { "content-type": "application/json" };
const terms = { node: nodeId(1), resource: "GPIO4", mode: { kind: "output" } };
const pin = `/api/v1/gpio/${reservationId(0)}`;

function send({ url, fetch }: TestApi, method: string, path: string, body?: unknown, headers = {}) {
  return fetch(url + path, {
    method,
    headers: body === undefined ? headers : { ...json, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

const codeOf = async (response: Response) => problemSchema.parse(await response.json()).code;

describe("the routes of pins", () => {
  it("answer 201 to what is granted and 202 to what waits in line, and say where it is", async () => {
    const api = await startApi();
    const granted = await send(api, "POST", "/api/v1/gpio", terms);
    const view = gpioViewSchema.parse(await granted.json());
    expect([granted.status, granted.headers.get("location")]).toEqual([201, `/api/v1/gpio/${view.id}`]);
    expect(view).toMatchObject({ state: "granted", ttlMs: 60_000, onExpire: "input", keep: false });
    const waiting = await send(api, "POST", "/api/v1/gpio", { ...terms, waitMs: 5_000 });
    expect(waiting.status).toBe(202);
    expect(await waiting.json()).toMatchObject({ state: "waiting", position: 1 });
    expect(waiting.headers.get("location")).not.toBeNull();
  });

  it("answer what went wrong with the status that stands for it", async () => {
    const api = await startApi();
    const taken = await send(api, "POST", "/api/v1/gpio", { ...terms, resource: "GPIO18" });
    expect([taken.status, await codeOf(taken)]).toEqual([409, "ALREADY_EXISTS"]);
    const stale = await send(api, "PUT", pin, { token: STALE_TOKEN, value: { level: "high" } });
    expect([stale.status, await codeOf(stale)]).toEqual([409, "ABORTED"]);
    const gone = await send(api, "POST", "/api/v1/gpio", { ...terms, node: nodeId(9) });
    expect([gone.status, await codeOf(gone)]).toEqual([503, "UNAVAILABLE"]);
    expect((await send(api, "GET", `/api/v1/gpio/${reservationId(99)}`)).status).toBe(404);
  });

  it("answer 202 to a write that its owner will see when it returns", async () => {
    const api = await startApi();
    api.gpio.put({ ...gpioView(7), node: nodeId(9) });
    const path = `/api/v1/gpio/${reservationId(7)}`;
    const write = { token: TOKEN, value: { level: "high" } };
    expect((await send(api, "PUT", path, write)).status).toBe(503);
    const left = await send(api, "PUT", path, { ...write, applyWithinMs: 60_000 });
    expect(left.status).toBe(202);
    expect(await left.json()).toMatchObject({ pending: { value: { level: "high" } } });
  });

  it("tell of all that an owner may answer, in the OpenAPI document", async () => {
    const api = await startApi();
    const document = (await (await send(api, "GET", "/api/v1/openapi.json")).json()) as {
      readonly paths: Record<string, Record<string, { readonly responses: Record<string, unknown> }>>;
    };
    const statusesOf = (method: string, path: string) =>
      Object.keys(document.paths[path]?.[method]?.responses ?? {}).map(Number);
    // Source: the table of refusals of `gpio.call` in PROTOCOL.md.
    const ofAll = [400, 401, 403, 404, 429, 503, 504];
    const changes = [...ofAll, 409, 412, 501];
    const one = "/api/v1/gpio/{id}";
    expect(statusesOf("post", "/api/v1/gpio")).toEqual(expect.arrayContaining(changes));
    expect(statusesOf("put", one)).toEqual(expect.arrayContaining(changes));
    for (const bus of ["i2c", "spi"]) {
      expect(statusesOf("post", `${one}/${bus}`)).toEqual(expect.arrayContaining(changes));
    }
    for (const act of ["renew", "transfer"]) {
      expect(statusesOf("post", `${one}/${act}`)).toEqual(expect.arrayContaining([...ofAll, 409]));
    }
    expect(statusesOf("delete", one)).toEqual(expect.arrayContaining([...ofAll, 409]));
    expect(statusesOf("get", one)).toEqual(expect.arrayContaining(ofAll));
    const scan = "/api/v1/nodes/{id}/i2c/{bus}/scan";
    expect(statusesOf("post", scan)).toEqual(expect.arrayContaining([...ofAll, 412, 501]));
  });

  it("take an emergency stop without a body, as a person in a hurry sends it", async () => {
    const api = await startApi();
    const stopped = await send(api, "POST", "/api/v1/gpio-stops");
    expect(stopped.status).toBe(200);
    expect(await stopped.json()).toMatchObject({ mesh: [{ reason: "" }], unconfirmed: [nodeId(9)] });
    const ofNode = await send(api, "POST", `/api/v1/nodes/${nodeId(1)}/gpio-stop`);
    expect(ofNode.status).toBe(200);
    const text = await send(api, "POST", "/api/v1/gpio-stops", undefined, { "content-type": "text/plain" });
    expect(text.status).toBe(200);
    const wrong = await fetch(`${api.url}/api/v1/gpio-stops`, {
      method: "POST",
      headers: { ...asUser("ada"), "content-type": "text/plain" },
      body: "smoke",
    });
    expect(wrong.status).toBe(415);
  });

  it("take an emergency stop from somebody whose program has used up what he may ask for", async () => {
    const api = await startApi({ limits: { requestBurstOfUser: 1, requestsPerSecondOfUser: 0.001 } });
    const statuses = [];
    for (const path of ["/api/v1/gpio-policy", "/api/v1/gpio-policy"]) {
      statuses.push((await send(api, "GET", path)).status);
    }
    for (const path of ["/api/v1/gpio-stops", `/api/v1/nodes/${nodeId(1)}/gpio-stop`]) {
      statuses.push((await send(api, "POST", path)).status);
    }
    expect(statuses).toEqual([200, 429, 200, 200]);
  });

  it("say in whose name, under which key and for how long the owner is asked", async () => {
    const api = await startApi();
    const headers = { "idempotency-key": "key-0001", "x-correlation-id": "id-1" };
    await send(api, "PUT", pin, { token: TOKEN, value: { level: "high" } }, headers);
    const asking = api.gpio.changes[0]?.asking;
    expect(asking).toMatchObject({
      requester: { userName: "ada", userId: "user-ada0000000000000" },
      correlationId: "id-1",
      idempotencyKey: "key-0001",
    });
    expect(asking?.timeoutMs).toBeGreaterThan(5_000);
    expect(asking?.timeoutMs).toBeLessThanOrEqual(8_000);
    expect(await asking?.evidence("node-b")).toBe("proof-of-ada");
    expect(await asking?.signIntent("ab".repeat(32), 1_000)).toContain("ab".repeat(32));
    const remove = { verb: "delete", resource: "nodes" } as const;
    expect(asking?.requester.refusal(remove)).toBeUndefined();
  });

  it("have the owner decide who may, in the namespace that only it knows", async () => {
    const api = await startApi();
    expect((await send(api, "GET", pin, undefined, asUser("mona"))).status).toBe(200);
    const write = { token: TOKEN, value: { level: "high" } };
    const refused = await send(api, "PUT", pin, write, asUser("mona"));
    expect(refused.status).toBe(403);
    expect(problemSchema.parse(await refused.json()).detail).toBe("mona may not update gpio");
    expect(api.gpio.changes).toEqual([]);
  });

  it("have a pin taken by who may revoke it, and given back by who may delete it", async () => {
    const statusOf = async (name: UserName, query: string) =>
      (await send(await startApi(), "DELETE", `${pin}?${query}`, undefined, asUser(name))).status;
    expect(await statusOf("rita", "force=true")).toBe(204);
    expect(await statusOf("rita", `token=${TOKEN}`)).toBe(403);
    expect(await statusOf("dora", "force=true")).toBe(403);
    expect(await statusOf("dora", `token=${TOKEN}`)).toBe(204);
    expect(await statusOf("mona", "force=true")).toBe(403);
  });

  it("ask for no more time than is left of ten seconds", async () => {
    const clock = new VirtualClock();
    const api = await startApi({ clock });
    const sentSlowly = (tookMs: number) => {
      const before = api.security.presented.length;
      const [first = "", ...rest] = JSON.stringify({ token: TOKEN, value: { level: "high" } });
      const bytes = (text: string) => new TextEncoder().encode(text);
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(bytes(first));
          await vi.waitUntil(() => api.security.presented.length > before);
          await clock.advance(tookMs);
          controller.enqueue(bytes(rest.join("")));
          controller.close();
        },
      });
      const request = { method: "PUT", headers: json, body, duplex: "half" } as RequestInit;
      return api.fetch(api.url + pin, request);
    };
    expect((await sentSlowly(4_000)).status).toBe(200);
    expect(api.gpio.changes.map(({ asking }) => asking.timeoutMs)).toEqual([4_000]);
    const late = await sentSlowly(10_000);
    expect([late.status, await codeOf(late)]).toEqual([504, "DEADLINE_EXCEEDED"]);
    expect(api.gpio.changes).toHaveLength(1);
  });
});

describe("the audit log of pins", () => {
  const told = ({ security }: TestApi) =>
    security.records.map(
      ({ action, target, outcome, detail }) => `${action} ${target}: ${outcome} ${detail}`,
    );

  it("names what was reserved, released and handed over, where and in which namespace", async () => {
    const api = await startApi();
    const granted = await send(api, "POST", "/api/v1/gpio", { ...terms, namespace: "plant" });
    const { id } = gpioViewSchema.parse(await granted.json());
    await send(api, "POST", `/api/v1/gpio/${id}/transfer`, { token: TOKEN, to: "mona" });
    await send(api, "DELETE", `/api/v1/gpio/${id}?token=${TOKEN}`);
    await send(api, "POST", "/api/v1/gpio", { ...terms, resource: "GPIO18" });
    await send(api, "POST", "/api/v1/gpio-stops", { reason: "smoke" });
    expect(told(api)).toEqual([
      `create gpio ${id} (GPIO4 of pi-1 in plant): allowed 201`,
      `transfer gpio ${id} (GPIO4 of pi-1 in plant) to mona: allowed 200`,
      `delete gpio ${id}: allowed 204`,
      `create gpio GPIO18 of ${nodeId(1)} in default: failed 409 ALREADY_EXISTS`,
      "create gpio-stops all nodes: allowed 200",
    ]);
  });

  it("keeps what was refused in a batch, whatever else was done in it", async () => {
    const api = await startApi();
    const mine = reservationId(7);
    api.gpio.put({ ...gpioView(7), namespace: "plant" });
    const write = (...ids: readonly string[]) => {
      const writes = ids.map((id) => ({ id, token: TOKEN, value: { level: "high" } }));
      return send(api, "POST", "/api/v1/gpio/batch", { writes }, asUser("tess"));
    };
    for (const ids of [[mine], [mine, reservationId(0)], [reservationId(0)], [mine]]) {
      expect((await write(...ids)).status).toBe(200);
    }
    const pins = `pins of ${mine.slice(0, 8)}`;
    expect(told(api)).toEqual([
      `update gpio in a batch ${pins}: allowed 200`,
      `update gpio in a batch ${pins}: denied 200 PERMISSION_DENIED`,
      "update gpio in a batch no pin: denied 200 PERMISSION_DENIED",
    ]);
  });

  it("sums what a holder writes and renews, and keeps every refusal", async () => {
    const api = await startApi();
    const write = (token: string, headers = {}) =>
      send(api, "PUT", pin, { token, value: { level: "high" } }, headers);
    for (let count = 0; count < 20; count++) {
      await write(TOKEN);
      await send(api, "POST", `${pin}/renew`, { token: TOKEN });
    }
    await write(STALE_TOKEN);
    await write(TOKEN, asUser("mona"));
    await write(TOKEN, asUser("mona"));
    const target = `${reservationId(0)} (GPIO18 of pi-1 in default)`;
    const before = [
      `update gpio ${target}: allowed 200`,
      `renew gpio ${reservationId(0)}: allowed 200`,
      `update gpio ${reservationId(0)}: failed 409 ABORTED`,
      `update gpio ${reservationId(0)}: denied 403 PERMISSION_DENIED`,
      `update gpio ${reservationId(0)}: denied 403 PERMISSION_DENIED`,
    ];
    expect(told(api)).toEqual(before);
    await api.api.stop();
    expect(told(api).slice(before.length)).toEqual([
      `update gpio ${target}: allowed 200, 19 times more since the last record of it`,
      `renew gpio ${reservationId(0)}: allowed 200, 19 times more since the last record of it`,
    ]);
  });
});
