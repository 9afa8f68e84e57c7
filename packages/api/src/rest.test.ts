import { nodePageSchema, nodeViewSchema, problemSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

const json = { "content-type": "application/json" };

async function problem(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return problemSchema.parse(await response.json());
}

describe("the REST API", () => {
  it("lists nodes a page at a time", async () => {
    const { url, fetch } = await startApi({ nodeCount: 5 });
    const list = async (query: string) =>
      nodePageSchema.parse(await (await fetch(`${url}/api/v1/nodes?${query}`)).json());
    const first = await list("limit=3");
    expect(first).toMatchObject({ total: 5, items: [{ name: "pi-0" }, { name: "pi-1" }, { name: "pi-2" }] });
    const second = await list(`limit=3&cursor=${first.nextCursor}`);
    expect(second.items).toHaveLength(2);
    expect(second.nextCursor).toBeNull();
  });

  it("answers 304 while the record is the one that the client has", async () => {
    const { url, fetch } = await startApi();
    const first = await fetch(`${url}/api/v1/nodes/${nodeId(1)}`);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^".+"$/);
    const second = await fetch(`${url}/api/v1/nodes/${nodeId(1)}`, {
      headers: { "if-none-match": `"other", W/${etag}` },
    });
    expect(second.status).toBe(304);
    expect(await second.text()).toBe("");
  });

  it("changes a node only in the revision that the client has seen", async () => {
    const { url, nodes, fetch } = await startApi();
    const path = `${url}/api/v1/nodes/${nodeId(1)}`;
    const etag = (await fetch(path)).headers.get("etag") ?? "";
    const put = (ifMatch: string, name: string) =>
      fetch(path, {
        method: "PUT",
        headers: { ...json, "if-match": ifMatch },
        body: JSON.stringify({ name }),
      });
    const changed = await put(etag, "door");
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(etag);
    const late = await put(etag, "window");
    expect(late.status).toBe(412);
    expect(await problem(late)).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(nodes.get(nodeId(1)).value.name).toBe("door");
    expect((await put("*", "window")).status).toBe(200);
    expect((await put("W/nonsense", "roof")).status).toBe(400);
  });

  it("tells a new node from one that was known", async () => {
    const { url, fetch } = await startApi();
    const post = () =>
      fetch(`${url}/api/v1/nodes`, {
        method: "POST",
        headers: json,
        body: JSON.stringify({ address: "192.168.1.9" }),
      });
    const created = await post();
    expect(created.status).toBe(201);
    const { id } = nodeViewSchema.parse(await created.json());
    expect(created.headers.get("location")).toBe(`/api/v1/nodes/${id}`);
    expect((await post()).status).toBe(200);
  });

  it("removes a node, with an empty answer", async () => {
    const { url, fetch } = await startApi();
    const remove = (number: number) => fetch(`${url}/api/v1/nodes/${nodeId(number)}`, { method: "DELETE" });
    const removed = await remove(4);
    expect([removed.status, await removed.text()]).toEqual([204, ""]);
    expect((await problem(await remove(4))).code).toBe("NOT_FOUND");
    expect((await problem(await remove(1))).code).toBe("FAILED_PRECONDITION");
  });

  it("serves metrics of a node, events and the mesh", async () => {
    const { url, fetch } = await startApi();
    for (const path of [`nodes/${nodeId(1)}/metrics?limit=2`, "events?type=cluster.*", "mesh"]) {
      expect((await fetch(`${url}/api/v1/${path}`)).status).toBe(200);
    }
  });

  it("answers HEAD as GET, without the body", async () => {
    const { url, fetch } = await startApi();
    const head = await fetch(`${url}/api/v1/mesh`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
  });

  it("says with the status whether it is ready and live, and why not", async () => {
    const checks = [{ name: "database", ok: false, detail: "the disk is full" }];
    const { url, fetch } = await startApi({ health: () => ({ live: true, ready: false, checks }) });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ live: true, ready: false, checks });
  });
});

describe("errors of the REST API", () => {
  it("name the wrong fields of a query and of a body", async () => {
    const { url, fetch } = await startApi();
    const query = await problem(await fetch(`${url}/api/v1/nodes?limit=0&stat=alive`));
    expect(query).toMatchObject({ status: 400, code: "INVALID_ARGUMENT" });
    expect(query.detail).toContain("limit");
    expect(query.detail).toContain("stat");
    const body = await fetch(`${url}/api/v1/nodes/${nodeId(1)}`, {
      method: "PUT",
      headers: json,
      body: JSON.stringify({ name: "Not a name" }),
    });
    expect((await problem(body)).fields).toMatchObject([{ field: "name" }]);
  });

  it("refuse a parameter that is given twice", async () => {
    const { url, fetch } = await startApi();
    expect((await fetch(`${url}/api/v1/nodes?name=a&name=b`)).status).toBe(400);
  });

  it("name the place where a body is no JSON", async () => {
    const { url, fetch } = await startApi();
    const response = await fetch(`${url}/api/v1/nodes`, {
      method: "POST",
      headers: json,
      body: '{\n  "address": oops }',
    });
    expect((await problem(response)).detail).toContain('unexpected "o" at line 2, column 14');
  });

  it("refuse other media types, large bodies and bodies that are no UTF-8", async () => {
    const { url, fetch } = await startApi();
    const post = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      (await fetch(`${url}/api/v1/nodes`, { method: "POST", headers, body })).status;
    expect(await post("address=pi", { "content-type": "application/x-www-form-urlencoded" })).toBe(415);
    expect(await post("{}", { ...json, "content-encoding": "gzip" })).toBe(415);
    expect(await post(`{"address":"${"x".repeat(70_000)}"}`, json)).toBe(413);
    expect(await post(new Uint8Array([0x22, 0xff, 0x22]), json)).toBe(400);
  });

  it("refuse a large body also when its length was not told", async () => {
    const { url, fetch } = await startApi();
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const response = await fetch(`${url}/api/v1/nodes`, {
      method: "POST",
      headers: json,
      body,
      duplex: "half",
    });
    expect(response.status).toBe(413);
  });

  it("tell unknown paths from wrong methods", async () => {
    const { url, fetch } = await startApi();
    expect((await problem(await fetch(`${url}/api/v1/nothing`))).code).toBe("NOT_FOUND");
    const response = await fetch(`${url}/api/v1/nodes/${nodeId(1)}`, { method: "PATCH" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, PUT, DELETE");
  });

  it("carry the correlation id of the request, or a new one", async () => {
    const { url, nodes, fetch } = await startApi();
    const given = await fetch(`${url}/api/v1/nodes`, {
      method: "POST",
      headers: { ...json, "x-correlation-id": "ticket-7" },
      body: JSON.stringify({ address: "pi.local" }),
    });
    expect(given.headers.get("x-correlation-id")).toBe("ticket-7");
    expect(nodes.contexts).toEqual([{ correlationId: "ticket-7" }]);
    const bad = await fetch(`${url}/api/v1/x`, { headers: { "x-correlation-id": "a b" } });
    expect((await problem(bad)).correlationId).toMatch(/^[0-9a-f]{16}$/);
  });

  it("hide what was not meant for the client, and log it once", async () => {
    const logged: object[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object) => logged.push(fields),
    };
    const { url, nodes, fetch } = await startApi({ logger });
    nodes.failure = new Error("the secret is 42");
    const found = await problem(await fetch(`${url}/api/v1/mesh`));
    expect(found).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(found.detail).not.toContain("42");
    expect(logged).toMatchObject([{ err: nodes.failure, correlationId: found.correlationId }]);
  });
});
