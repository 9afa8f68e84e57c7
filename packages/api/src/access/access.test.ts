import { describe, expect, it } from "vitest";
import { webSocketRoutes } from "../stream/web-sockets.ts";
import { ask, handshake, memberRoutes, nameOf } from "../testing/ask.ts";
import { routeRequests } from "../testing/route-requests.ts";
import { nodeId } from "../testing/samples.ts";
import { asUser, startApi } from "../testing/start-api.ts";
import { publicRoutes } from "./public-routes.ts";

const routes = memberRoutes();
const guarded = routes.filter((route) => !publicRoutes.includes(nameOf(route)));
const restricted = guarded.filter(({ access }) => access !== "authenticated");

describe("the table of routes", () => {
  it("has on it what is on the list of public routes, and nothing else that is public", () => {
    expect(routes.filter(({ access }) => access === "public").map(nameOf)).toEqual(
      expect.arrayContaining([...publicRoutes]),
    );
    expect(routes.filter(({ access }) => access === "public")).toHaveLength(publicRoutes.length);
  });

  it("has a sample request of each route, so that the tests below leave none out", () => {
    expect(Object.keys(routeRequests).sort()).toEqual(routes.map(nameOf).sort());
  });

  it.each(guarded.map((route) => [nameOf(route)]))(
    "refuses strangers at %s, without a look at the body",
    async (name) => {
      const { url } = await startApi();
      const refused = await ask(url, name);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
      expect(await refused.json()).toMatchObject({ code: "UNAUTHENTICATED" });
      const wrong = await ask(url, name, { authorization: "Bearer nobody" });
      expect(wrong.status).toBe(401);
      const garbage = { method: name.split(" ")[0] ?? "", headers: { "content-type": "text/plain" } };
      const path = routeRequests[name]?.path ?? "";
      const unread = await fetch(url + path, garbage.method === "GET" ? garbage : { ...garbage, body: "{" });
      expect(unread.status).toBe(401);
    },
  );

  it.each(restricted.map((route) => [nameOf(route)]))(
    "refuses who has no right at %s, and says which",
    async (name) => {
      const { url } = await startApi();
      const refused = await ask(url, name, asUser("nemo"));
      expect(refused.status).toBe(403);
      expect(await refused.json()).toMatchObject({
        code: "PERMISSION_DENIED",
        detail: expect.stringMatching(/^nemo may not /),
      });
    },
  );

  it("lets nobody but who has the right see what is everybody's", async () => {
    const { url } = await startApi();
    for (const route of routes.filter(
      ({ everybodys, method }) => everybodys !== undefined && method === "GET",
    )) {
      const own = await fetch(url + route.path, { headers: asUser("nemo") });
      expect([route.path, own.status]).toEqual([route.path, 200]);
      expect((await ask(url, nameOf(route), asUser("nemo"))).status).toBe(403);
      expect((await ask(url, nameOf(route), asUser("ada"))).status).toBe(200);
    }
  });

  it("has a monitor change nothing but what is his own", async () => {
    const { url } = await startApi();
    const allowed: string[] = [];
    for (const route of routes.filter(({ method }) => method !== "GET")) {
      const { status } = await ask(url, nameOf(route), asUser("mona"));
      if (status !== 403) allowed.push(nameOf(route));
    }
    expect(allowed.sort()).toEqual([
      "DELETE /api/v1/session",
      "DELETE /api/v1/sessions/{id}",
      "POST /api/v1/api-tokens",
      "POST /api/v1/api-tokens/{id}/revoke",
      "POST /api/v1/enrolment/knock",
      "POST /api/v1/session",
      "POST /api/v1/session/jwt",
      "PUT /api/v1/session/password",
    ]);
  });

  it("answers HEAD to nobody whom it would not answer GET", async () => {
    const { url } = await startApi();
    expect((await fetch(`${url}/api/v1/nodes`, { method: "HEAD" })).status).toBe(401);
  });
});

describe("a tenant", () => {
  const ofTenant = routes.filter(
    ({ access }) => typeof access === "object" && typeof access.namespace === "object",
  );

  it("gets to every route of what may be in his namespace, and to no other", async () => {
    const { url } = await startApi();
    const refused: string[] = [];
    for (const route of restricted) {
      if ((await ask(url, nameOf(route), asUser("tess"))).status !== 403) continue;
      refused.push(nameOf(route));
    }
    // What the sample request is about is in another namespace, which only the owner of the pin can know.
    const byOwner = ofTenant.filter((route) => refused.includes(nameOf(route))).map(nameOf);
    expect(byOwner.sort()).toEqual([
      "DELETE /api/v1/gpio/{id}",
      "GET /api/v1/gpio/{id}",
      "POST /api/v1/gpio",
      "POST /api/v1/gpio/{id}/i2c",
      "POST /api/v1/gpio/{id}/renew",
      "POST /api/v1/gpio/{id}/spi",
      "POST /api/v1/gpio/{id}/transfer",
      "PUT /api/v1/gpio/{id}",
    ]);
    const others = restricted.filter((route) => !ofTenant.includes(route)).map(nameOf);
    expect(refused.filter((name) => !byOwner.includes(name)).sort()).toEqual(others.sort());
  });

  it("reserves in his namespace alone, and does not lift his own limit", async () => {
    const { url } = await startApi();
    const reserve = (namespace: string) =>
      fetch(`${url}/api/v1/gpio`, {
        method: "POST",
        headers: { ...asUser("tess"), "content-type": "application/json" },
        body: JSON.stringify({ node: nodeId(1), resource: "GPIO4", mode: { kind: "input" }, namespace }),
      });
    expect((await reserve("plant")).status).toBe(201);
    expect((await reserve("default")).status).toBe(403);
    expect((await ask(url, "PUT /api/v1/gpio-quotas/{namespace}", asUser("tess"))).status).toBe(403);
    expect(await handshake(url, "/api/v1/gpio/changes", asUser("tess"))).toBe(101);
    expect(await handshake(url, "/api/v1/events", asUser("tess"))).toBe(403);
  });
});

describe("WebSockets", () => {
  it.each(webSocketRoutes.map(({ path }) => [path]))(
    "refuse strangers and who has no right at %s",
    async (path) => {
      const { url } = await startApi();
      expect(await handshake(url, path, {})).toBe(401);
      expect(await handshake(url, path, { authorization: "Bearer nobody" })).toBe(401);
      expect(await handshake(url, path, asUser("nemo"))).toBe(403);
      expect(await handshake(url, path, asUser("mona"))).toBe(101);
    },
  );
});

describe("the inventory", () => {
  it("lists routes, streams and what peers ask each other, each with who may", async () => {
    const { url } = await startApi();
    const { items } = (await (await ask(url, "GET /api/v1/inventory", asUser("ada"))).json()) as {
      items: { protocol: string; name: string; access: string }[];
    };
    expect(items).toHaveLength(routes.length + webSocketRoutes.length + 1);
    expect(items).toContainEqual({
      protocol: "rest",
      name: "DELETE /api/v1/nodes/{id}",
      access: "delete nodes",
    });
    expect(items).toContainEqual({ protocol: "websocket", name: "/api/v1/events", access: "watch events" });
    const ofPins = { protocol: "websocket", name: "/api/v1/gpio/changes" };
    expect(items).toContainEqual({ ...ofPins, access: "watch gpio in its namespace" });
    expect(items).toContainEqual({ protocol: "request", name: "documents.sync", access: "member" });
    const open = items.filter(({ access }) => access === "public").map(({ name }) => name);
    expect(open.sort()).toEqual([...publicRoutes].sort());
  });
});

describe("health", () => {
  it("tells strangers yes or no, and why to whoever may know", async () => {
    const checks = [{ name: "database", ok: false, detail: "the disk is full" }];
    const { url } = await startApi({ health: () => ({ live: true, ready: false, checks }) });
    for (const headers of [{}, asUser("nemo"), { authorization: "Bearer nobody" }]) {
      const response = await fetch(`${url}/readyz`, { headers });
      expect([response.status, await response.json()]).toEqual([
        503,
        { live: true, ready: false, checks: [] },
      ]);
    }
    const known = await fetch(`${url}/readyz`, { headers: asUser("mona") });
    expect(await known.json()).toMatchObject({ checks });
  });
});

describe("rates", () => {
  it("are those of a user, from whatever address and with whatever credential", async () => {
    const { url, security } = await startApi({
      limits: { requestBurstOfUser: 3, requestsPerSecondOfUser: 0.1 },
    });
    const { secret } = security.openSession("mona");
    const cookie = { cookie: `session-${nodeId(0).slice(-8)}=${secret}` };
    const statuses = [];
    for (const headers of [asUser("mona"), cookie, asUser("mona"), cookie, asUser("ada")]) {
      statuses.push((await fetch(`${url}/api/v1/mesh`, { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 200]);
  });
});
