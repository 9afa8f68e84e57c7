import { type SessionStatus, sessionStatusSchema } from "@pi-controller/schema";
import { describe, expect, it, vi } from "vitest";
import { ask, handshake } from "../testing/ask.ts";
import { bearerOf } from "../testing/memory-security.ts";
import { rawSocket, untilClosed } from "../testing/raw-http.ts";
import { nodeId } from "../testing/samples.ts";
import { PASSWORD, SECRET } from "../testing/security-samples.ts";
import { asUser, startApi } from "../testing/start-api.ts";
import { cookieNames, setCookieHeaders } from "./cookies.ts";

const NAME = cookieNames(nodeId(0), false).session;
const json = { "content-type": "application/json" };

function logIn(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify({ userName: "ada", password: PASSWORD }),
  });
}

/** What a browser sends back of the cookies that it was given. */
function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((header) => header.split(";")[0] ?? "")
    .join("; ");
}

async function status(url: string, headers: Record<string, string> = {}): Promise<SessionStatus> {
  return sessionStatusSchema.parse(await (await fetch(`${url}/api/v1/session`, { headers })).json());
}

describe("a browser's session", () => {
  it.each([
    ["POST /api/v1/nodes", { address: "10.0.0.7" }],
    ["POST /api/v1/nodes/{id}/revoke", { password: PASSWORD }],
  ])("does nothing more at %s for who was shut out while he sent his request", async (name, content) => {
    const { url, security, nodes } = await startApi();
    const [method = "", path = ""] = name.replace("{id}", nodeId(4)).split(" ");
    const body = JSON.stringify(content);
    const socket = rawSocket(url);
    socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nauthorization: Bearer ${bearerOf("ada")}\r\n` +
        `content-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await vi.waitUntil(() => security.presented.length > 0);
    security.shutOut.add("ada");
    socket.write(body);
    const answer = await untilClosed(socket);
    expect(answer).toContain("HTTP/1.1 401");
    // Not the password is wrong.
    expect(answer).not.toContain('"fields"');
    expect(nodes.contexts).toEqual([]);
  });

  it("begins with a login and ends with a logout", async () => {
    const { url } = await startApi();
    const login = await logIn(url);
    expect(await login.json()).toMatchObject({ principal: { userName: "ada", via: "session" } });
    const cookie = cookieOf(login);
    expect((await status(url, { cookie })).principal?.userName).toBe("ada");
    expect((await fetch(`${url}/api/v1/nodes`, { headers: { cookie } })).status).toBe(200);
    const logout = await fetch(`${url}/api/v1/session`, { method: "DELETE", headers: { cookie } });
    expect(logout.status).toBe(204);
    expect(logout.headers.getSetCookie()).toEqual([expect.stringMatching(`^${NAME}=;.*Max-Age=0$`)]);
    expect((await fetch(`${url}/api/v1/nodes`, { headers: { cookie } })).status).toBe(401);
  });

  it("is in a cookie that no script, other site or other port's node gets hold of", async () => {
    const { url } = await startApi();
    const [header = ""] = (await logIn(url)).headers.getSetCookie();
    const [pair, ...attributes] = header.split("; ");
    expect(pair).toMatch(new RegExp(`^${NAME}=${SECRET}-`));
    expect(NAME).toContain(nodeId(0).slice(-8));
    expect(cookieNames(nodeId(1), false).session).not.toBe(NAME);
    expect(attributes).toEqual(["Path=/", "HttpOnly", "SameSite=Strict"]);
    const secure = cookieNames(nodeId(0), true);
    expect(setCookieHeaders({ session: "x" }, secure, true)).toEqual([
      `__Host-${NAME}=x; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ]);
  });

  it("is over for the browser as soon as the node says so, and may begin anew", async () => {
    const { url } = await startApi();
    const cookie = `${NAME}=long-gone`;
    const asked = await fetch(`${url}/api/v1/session`, { headers: { cookie } });
    expect(await asked.json()).toMatchObject({ principal: null });
    expect(asked.headers.getSetCookie()).toEqual([expect.stringMatching(`^${NAME}=;`)]);
    const refused = await fetch(`${url}/api/v1/nodes`, { headers: { cookie } });
    expect(refused.status).toBe(401);
    expect(refused.headers.getSetCookie()).toEqual([expect.stringMatching(`^${NAME}=;`)]);
    expect((await logIn(url, { cookie })).status).toBe(200);
  });

  it("ends when somebody logs in anew with it", async () => {
    const { url, security } = await startApi();
    const cookie = `${NAME}=${security.openSession("mona").secret}`;
    const again = cookieOf(await logIn(url, { cookie }));
    expect(again).not.toBe(cookie);
    expect((await status(url, { cookie })).principal).toBeNull();
    expect((await status(url, { cookie: again })).principal?.userName).toBe("ada");
  });

  it("is refused when there are two of its cookies, or it is none of ours", async () => {
    const { url, security } = await startApi();
    const { secret } = security.openSession("ada");
    for (const cookie of [
      `${NAME}=${secret}; ${NAME}=${secret}`,
      `${NAME}=a b`,
      `${NAME}=${"x".repeat(300)}`,
    ]) {
      expect((await fetch(`${url}/api/v1/nodes`, { headers: { cookie } })).status).toBe(401);
    }
    const others = `theme=dark; session-OtherOne=1; ${NAME}=${secret}; x`;
    expect((await fetch(`${url}/api/v1/nodes`, { headers: { cookie: others } })).status).toBe(200);
    const secureName = cookieNames(nodeId(0), true).session;
    expect(
      (await fetch(`${url}/api/v1/nodes`, { headers: { cookie: `${secureName}=${secret}` } })).status,
    ).toBe(401);
  });

  it("stays when a password that should confirm an act is wrong, which names the field", async () => {
    const { url, security } = await startApi();
    const cookie = `${NAME}=${security.openSession("ada").secret}`;
    const refused = await fetch(`${url}/api/v1/mesh/leave`, {
      method: "POST",
      headers: { ...json, cookie },
      body: JSON.stringify({ password: "wrong" }),
    });
    expect(refused.status).toBe(401);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(await refused.json()).toMatchObject({ code: "UNAUTHENTICATED", fields: [{ field: "password" }] });
    const login = await fetch(`${url}/api/v1/session`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ userName: "ada", password: "wrong" }),
    });
    expect(await login.json()).not.toHaveProperty("fields");
  });
});

describe("a page of another site", () => {
  const sites = ["cross-site", "same-site"];

  it.each(sites)("cannot write with the cookie of a browser (%s)", async (site) => {
    const { url, security, nodes } = await startApi();
    const cookie = `${NAME}=${security.openSession("ada").secret}`;
    const remove = (headers: Record<string, string>) =>
      fetch(`${url}/api/v1/nodes/${nodeId(4)}`, { method: "DELETE", headers: { cookie, ...headers } });
    expect((await remove({ "sec-fetch-site": site })).status).toBe(403);
    expect((await remove({ origin: "http://evil.example" })).status).toBe(403);
    expect((await remove({ origin: "null" })).status).toBe(403);
    expect(nodes.get(nodeId(4)).value.id).toBe(nodeId(4));
    expect((await remove({ origin: url, "sec-fetch-site": "same-origin" })).status).toBe(204);
  });

  it("cannot log a browser in as somebody else, nor follow events with its cookie", async () => {
    const { url, security } = await startApi();
    expect((await logIn(url, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await logIn(url, { origin: "http://evil.example" })).status).toBe(403);
    const cookie = `${NAME}=${security.openSession("ada").secret}`;
    expect(await handshake(url, "/api/v1/events", { cookie, origin: "http://evil.example" })).toBe(403);
    expect(await handshake(url, "/api/v1/events", { cookie, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await handshake(url, "/api/v1/events", { cookie, origin: url })).toBe(101);
  });
});

describe("programs", () => {
  it.each(["Basic YWRhOng=", "Bearer", "Bearer a b", "Bearer \u00e9", "token-ada"])(
    "are told of a bearer token when they send %j",
    async (authorization) => {
      const { url } = await startApi();
      const refused = await fetch(`${url}/api/v1/nodes`, { headers: { authorization } });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    },
  );

  it("have no session to end", async () => {
    const { url } = await startApi();
    expect((await ask(url, "DELETE /api/v1/session", asUser("ada"))).status).toBe(412);
  });
});

describe("a login through a provider", () => {
  const callback = "/api/v1/oidc/callback";

  it("leads there and back, with a session", async () => {
    const { url } = await startApi();
    const begun = await fetch(`${url}/api/v1/oidc/login`, { redirect: "manual" });
    expect(begun.status).toBe(302);
    const location = begun.headers.get("location") ?? "";
    expect(new URL(location).searchParams.get("redirect_uri")).toBe(url + callback);
    // Strict would leave it out when the provider's page sends the browser back.
    expect(begun.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax; Max-Age=600$/);
    const back = await fetch(`${url}${callback}?code=good`, {
      headers: { cookie: cookieOf(begun) },
      redirect: "manual",
    });
    expect([back.status, back.headers.get("location")]).toEqual([302, "/"]);
    expect((await status(url, { cookie: cookieOf(back) })).principal?.userName).toBe("mona");
  });

  it("leads back to the page with the code of what went wrong, and is recorded", async () => {
    const { url, security } = await startApi();
    const begun = await fetch(`${url}/api/v1/oidc/login`, { redirect: "manual" });
    const follow = async (query: string, cookie: string) =>
      (await fetch(`${url}${callback}${query}`, { headers: { cookie }, redirect: "manual" })).headers.get(
        "location",
      );
    expect(await follow("?code=bad", cookieOf(begun))).toBe("/#oidc-error=UNAUTHENTICATED");
    expect(await follow("?code=good", "")).toBe("/#oidc-error=FAILED_PRECONDITION");
    expect(security.records).toMatchObject([
      { action: "login", outcome: "denied", detail: "302 UNAUTHENTICATED" },
      { action: "login", outcome: "failed" },
    ]);
    expect(JSON.stringify(security.records)).not.toContain(SECRET);
  });
});
