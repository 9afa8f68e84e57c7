import { describe, expect, it } from "vitest";
import { publicSetupRoutes } from "./access/public-routes.ts";
import { ask, handshake, memberRoutes, nameOf } from "./testing/ask.ts";
import { PASSWORD, SETUP_CODE } from "./testing/security-samples.ts";
import { asUser, startSetupApi } from "./testing/start-api.ts";

describe("a node that belongs to no mesh", () => {
  it("answers what is on its list, and to everything else that it is not set up", async () => {
    const url = await startSetupApi();
    for (const name of publicSetupRoutes.filter((route) => route.startsWith("GET"))) {
      expect((await fetch(url + name.slice("GET ".length))).status).toBe(200);
    }
    for (const route of memberRoutes()
      .map(nameOf)
      .filter((name) => !publicSetupRoutes.includes(name))) {
      if (route.endsWith("/api/v1/session")) continue;
      const refused = await ask(url, route, asUser("ada"));
      expect([route, refused.status]).toEqual([route, 403]);
      expect(await refused.json()).toMatchObject({
        code: "FAILED_PRECONDITION",
        detail: "This node is not set up",
      });
    }
    expect(await handshake(url, "/api/v1/events", {})).toBe(403);
  });

  it("is set up with its code, and by no other", async () => {
    const url = await startSetupApi();
    const setUp = (code: string) =>
      fetch(`${url}/api/v1/setup`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code, meshName: "home", userName: "ada", password: PASSWORD }),
      });
    const wrong = await setUp("ABCDE-ABCDE-ABCDE-ABCDE");
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ fields: [{ field: "code" }] });
    const status = await (await fetch(`${url}/api/v1/session`)).json();
    expect(status).toMatchObject({ state: "unclaimed", lockedUntil: "2026-11-21T10:01:00.000Z" });
    expect((await setUp(SETUP_CODE)).status).toBe(201);
  });

  it("takes no large body, and nothing from pages of others", async () => {
    const url = await startSetupApi();
    const post = (headers: Record<string, string>, body: string) =>
      fetch(`${url}/api/v1/setup`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
    expect((await post({}, JSON.stringify({ code: "x".repeat(5_000) }))).status).toBe(413);
    expect((await post({ "sec-fetch-site": "cross-site" }, "{}")).status).toBe(403);
    expect((await post({ origin: "http://evil.example" }, "{}")).status).toBe(403);
  });

  it("tells how to set it up also where there is no UI", async () => {
    const page = await (await fetch(`${await startSetupApi()}/`)).text();
    expect(page).toContain("/api/v1/setup");
    expect(page).toContain("set-up code");
  });
});
