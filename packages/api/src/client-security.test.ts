import { createClient } from "@pi-controller/client";
import { describe, expect, it } from "vitest";
import { Router } from "./routes/router.ts";
import { memberRoutes, nameOf } from "./testing/ask.ts";
import { bearerOf } from "./testing/memory-security.ts";
import { nodeId } from "./testing/samples.ts";
import { FINGERPRINT, PASSWORD, SETUP_CODE, TOKEN_ID } from "./testing/security-samples.ts";
import { startApi, startSetupApi } from "./testing/start-api.ts";

const credentials = { bearer: bearerOf("ada") };

describe("the client of somebody", () => {
  const confirmation = { password: PASSWORD };

  it("has a call for every route but those that browsers follow, and those of pins", async () => {
    const { url } = await startApi();
    const asked = new Set<string>();
    const names = memberRoutes()
      .filter(({ tag }) => tag !== "gpio")
      .map(nameOf);
    const client = createClient({
      baseUrl: url,
      credentials,
      fetch: (input, init) => {
        const path = new URL(input instanceof Request ? input.url : input).pathname;
        const match = new Router(memberRoutes()).match(init?.method ?? "GET", path);
        if (match.kind === "route") asked.add(nameOf(match.route));
        return fetch(input, init);
      },
    });
    const { session, sessions, apiTokens, users, roles, pendingNodes, joinTokens, certificates } = client;
    expect((await session.status()).principal?.userName).toBe("ada");
    await session.login({ userName: "ada", ...confirmation });
    await expect(session.logout()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await session.changePassword({ ...confirmation, newPassword: "staple-staple-staple" });
    expect((await session.jwt()).token).not.toBe("");
    const [own] = await sessions.list({ all: true });
    await sessions.end(own?.id ?? "");
    expect(await apiTokens.list()).toHaveLength(1);
    expect((await apiTokens.create({ name: "x", expiresInDays: 1, ...confirmation })).token).toMatch(/^pic_/);
    await apiTokens.revoke(TOKEN_ID, confirmation);
    const user = await users.create({
      name: "bob",
      roles: [],
      newPassword: "staple-staple-staple",
      ...confirmation,
    });
    expect((await users.update(user.id, { roles: ["monitor"], ...confirmation })).roles).toEqual(["monitor"]);
    expect(await users.get(user.id)).toMatchObject({ name: "bob" });
    await users.remove(user.id, confirmation);
    expect(await users.list()).toHaveLength(2);
    await roles.put("gardener", { rules: [], ...confirmation });
    expect(await roles.list()).toHaveLength(1);
    await roles.remove("gardener", confirmation);
    const [pending] = await pendingNodes.list();
    await pendingNodes.lookUp({ address: "192.168.1.27" });
    await pendingNodes.approve(pending?.id ?? "", { code: SETUP_CODE, ...confirmation });
    expect((await joinTokens.create({ expiresInHours: 1, uses: 1, ...confirmation })).token).toMatch(
      /^picjoin_/,
    );
    expect(await joinTokens.list()).toHaveLength(1);
    await joinTokens.revoke(TOKEN_ID, confirmation);
    await certificates.list();
    await certificates.renew();
    expect(await client.clientCertificates.list({ all: true })).toHaveLength(1);
    const request = { userId: user.id, name: "ci", request: "PEM", expiresInDays: 1, ...confirmation };
    await client.clientCertificates.issue(request);
    await client.clientCertificates.revoke(FINGERPRINT, confirmation);
    await client.revokeNode(nodeId(4), confirmation);
    await client.leaveMesh(confirmation);
    await client.audit.list({ limit: 10 });
    await client.inventory.get();
    for (const link of [certificates.rootPemUrl, certificates.rootDerUrl, session.oidcLoginUrl]) {
      expect(new URL(link).origin).toBe(url);
      asked.add(`GET ${new URL(link).pathname}`);
    }
    const others = names.filter((name) => !asked.has(name));
    expect(others).toEqual([
      "GET /api/v1/nodes",
      "POST /api/v1/nodes",
      "GET /api/v1/nodes/{id}",
      "PUT /api/v1/nodes/{id}",
      "DELETE /api/v1/nodes/{id}",
      "GET /api/v1/nodes/{id}/metrics",
      "GET /api/v1/events",
      "GET /api/v1/mesh",
      "GET /api/v1/openapi.json",
      "GET /metrics",
      "GET /healthz",
      "GET /readyz",
      "GET /api/v1/oidc/callback",
      // Nodes that carry a join token knock, and have no client.
      "POST /api/v1/enrolment/knock",
      // Nor have those that nobody lets in any more.
      "GET /api/v1/enrolment/revocation",
      "GET /api/v1/certificates/root",
    ]);
  });

  it("sets a node up", async () => {
    const client = createClient({ baseUrl: await startSetupApi() });
    expect(await client.session.status()).toMatchObject({ state: "unclaimed", principal: null });
    const request = { code: SETUP_CODE, meshName: "home", userName: "ada", password: PASSWORD };
    expect((await client.setup(request)).node).toBe(nodeId(0));
    await expect(client.nodes.list()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("tells a login that is over from a wrong password", async () => {
    const { url } = await startApi();
    await expect(createClient({ baseUrl: url }).nodes.list()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      details: expect.not.objectContaining({ fields: expect.anything() }),
    });
    const leave = createClient({ baseUrl: url, credentials }).leaveMesh({ password: "wrong" });
    await expect(leave).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      details: { fields: [{ field: "password" }] },
    });
  });

  it("asks for its token before each request, and says when there is none", async () => {
    const { url } = await startApi();
    const tokens = [bearerOf("ada"), "gone"];
    const client = createClient({
      baseUrl: url,
      credentials: {
        bearer: async () => {
          const token = tokens.shift();
          if (token === undefined) throw new Error("the vault is closed");
          return token;
        },
      },
    });
    expect((await client.mesh.get()).node).toBe(nodeId(0));
    await expect(client.mesh.get()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(client.mesh.get()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
