import { once } from "node:events";
import { createServer } from "node:net";
import { seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createApi } from "./create-api.ts";
import { MemoryEvents } from "./testing/memory-events.ts";
import { MemoryGpio } from "./testing/memory-gpio.ts";
import { MemoryNodes } from "./testing/memory-nodes.ts";
import { MemorySecurity } from "./testing/memory-security.ts";
import { rawSocket, sendRaw, untilClosed } from "./testing/raw-http.ts";
import { nodeId } from "./testing/samples.ts";
import { asUser, fetchAs, startApi } from "./testing/start-api.ts";

const AS_ADMIN = `Authorization: ${asUser("ada").authorization}\r\n`;
const get = (path: string, headers = "") =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${AS_ADMIN}Connection: close\r\n${headers}\r\n`;

describe("bounds of the server", () => {
  it("answers what is no HTTP with a problem, and serves on", async () => {
    const { url, fetch } = await startApi();
    const random = seededRandom(7);
    const noise = Uint8Array.from({ length: 2_000 }, () => Math.floor(random.next() * 256));
    const garbage: readonly (string | Uint8Array)[] = [
      noise,
      "\r\n\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "NONSENSE\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
      "GET /api/v1/mesh HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
      "POST /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET http://localhost/api/v1/mesh HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    for (const bytes of garbage) {
      const socket = rawSocket(url);
      socket.end(bytes);
      expect(await untilClosed(socket)).not.toMatch(/^HTTP\/1\.1 [25]\d\d/);
    }
    expect((await fetch(`${url}/api/v1/mesh`)).status).toBe(200);
  });

  it("answers as plain HTTP when another protocol is offered, as curl does", async () => {
    const { url } = await startApi();
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    const socket = rawSocket(url);
    socket.end(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("refuses headers that are too large", async () => {
    const { url } = await startApi();
    const answer = await sendRaw(url, get("/api/v1/mesh", `X-Large: ${"x".repeat(20_000)}\r\n`));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain("application/problem+json");
  });

  it("does not wait for ever for headers or a body that come slowly", async () => {
    const { url, fetch } = await startApi({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const slowHeaders = rawSocket(url);
    slowHeaders.write("GET /api/v1/mesh HTTP/1.1\r\nHost: localhost\r\nX-");
    const slowBody = rawSocket(url);
    slowBody.write(
      "POST /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-ada\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
    );
    const answers = await Promise.all([untilClosed(slowHeaders), untilClosed(slowBody)]);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 408 /);
    expect(answers[1]).toMatch(/^HTTP\/1\.1 408 /);
    expect((await fetch(`${url}/api/v1/mesh`)).status).toBe(200);
  });

  it("serves no more connections than it may", async () => {
    const { url } = await startApi({ limits: { maxConnections: 3 } });
    const held = [rawSocket(url), rawSocket(url), rawSocket(url)];
    await Promise.all(held.map((socket) => once(socket, "connect")));
    await vi.waitUntil(async () => (await sendRaw(url, get("/api/v1/mesh"))) === "");
    for (const socket of held) socket.destroy();
    await vi.waitUntil(async () => (await sendRaw(url, get("/api/v1/mesh"))).startsWith("HTTP/1.1 200"));
  });

  it("limits the rate of an address and says when to come again", async () => {
    const { url, fetch } = await startApi({ limits: { requestBurst: 5, requestsPerSecond: 0.5 } });
    const statuses = [];
    for (let count = 0; count < 6; count++) statuses.push((await fetch(`${url}/healthz`)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await fetch(`${url}/healthz`);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  it("answers no more requests at once than it may", async () => {
    const { url, nodes, fetch } = await startApi({ limits: { maxRequestsInFlight: 1 } });
    let open = () => {};
    nodes.gate = new Promise((resolve) => {
      open = resolve;
    });
    const slow = put(url, "door");
    await vi.waitUntil(async () => (await fetch(`${url}/healthz`)).status === 429);
    open();
    expect((await slow).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("a page of somebody else", () => {
  it("gets nothing under another name, as after DNS rebinding", async () => {
    const { url } = await startApi({ hostNames: ["pi.local"] });
    const as = (host: string) =>
      sendRaw(url, `GET /api/v1/mesh HTTP/1.1\r\nHost: ${host}\r\n${AS_ADMIN}Connection: close\r\n\r\n`);
    expect(await as("evil.example:8080")).toMatch(/^HTTP\/1\.1 403 /);
    expect(await as("pi.local:8080")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await sendRaw(url, "GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("cannot write, and is given no CORS", async () => {
    const { url, nodes, fetch } = await startApi();
    const origin = { origin: "http://evil.example" };
    const remove = await fetch(`${url}/api/v1/nodes/${nodeId(4)}`, { method: "DELETE", headers: origin });
    expect(remove.status).toBe(403);
    expect(nodes.get(nodeId(4)).value.id).toBe(nodeId(4));
    const preflight = await fetch(`${url}/api/v1/nodes`, { method: "OPTIONS", headers: origin });
    expect(preflight.ok).toBe(false);
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    const read = await fetch(`${url}/api/v1/mesh`, { headers: origin });
    expect(read.headers.get("access-control-allow-origin")).toBeNull();
    expect(read.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });
});

describe("answers", () => {
  it("are compressed when they are large, with the same content", async () => {
    const { url, fetch } = await startApi({ nodeCount: 100 });
    const get = async (encoding: string) => {
      const response = await fetch(`${url}/api/v1/nodes`, { headers: { "accept-encoding": encoding } });
      return { encoding: response.headers.get("content-encoding"), text: await response.text() };
    };
    const [plain, zipped] = [await get("identity"), await get("gzip")];
    expect([plain.encoding, zipped.encoding]).toEqual([null, "gzip"]);
    expect(zipped.text).toBe(plain.text);
  });
});

describe("starting and stopping", () => {
  it("lets a request under way end, and takes no more", async () => {
    const { url, nodes, api, fetch } = await startApi();
    let open = () => {};
    nodes.gate = new Promise((resolve) => {
      open = resolve;
    });
    const slow = put(url, "door");
    await vi.waitUntil(() => nodes.contexts.length === 1);
    const stopped = api.stop();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
    open();
    const response = await slow;
    expect(response.status).toBe(200);
    expect(response.headers.get("connection")).toBe("close");
    await stopped;
  });

  it("does not wait for ever for a request under way", async () => {
    const { url, nodes, api } = await startApi({ limits: { stopTimeoutMs: 50 } });
    nodes.gate = new Promise(() => {});
    const slow = put(url, "door");
    await vi.waitUntil(() => nodes.contexts.length === 1);
    const failed = expect(slow).rejects.toThrow("fetch failed");
    await api.stop();
    await failed;
  });

  it("names the port and the option when the port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const api = newApi({ port, host: "127.0.0.1" });
    await expect(api.start(new AbortController().signal)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(new RegExp(`Port ${port} on 127.0.0.1 .* --http-port`)),
    });
    await api.stop();
  });

  it("says when the address is not one of this machine", async () => {
    const api = newApi({ port: 0, host: "192.0.2.1" });
    await expect(api.start(new AbortController().signal)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("starts again after a stop", async () => {
    const { api, fetch } = await startApi();
    await api.stop();
    await api.start(new AbortController().signal);
    expect((await fetch(`${api.url()}/healthz`)).status).toBe(200);
  });
});

function newApi(where: { readonly host: string; readonly port: number }) {
  return createApi(
    {
      nodes: new MemoryNodes(0),
      events: new MemoryEvents(),
      health: () => ({ live: true, ready: true, checks: [] }),
      security: new MemorySecurity(),
      gpio: new MemoryGpio(),
      clock: systemClock(),
      random: seededRandom(1),
      logger: silentLogger,
    },
    { ...where, portOption: "--http-port", version: "0" },
  );
}

function put(url: string, name: string): Promise<Response> {
  return fetchAs("ada")(`${url}/api/v1/nodes/${nodeId(1)}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
}
