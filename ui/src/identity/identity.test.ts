import { createClient } from "@pi-controller/client";
import { MeshError, type PrincipalView, type SessionStatus } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../session/testing.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { Identity } from "./identity.ts";
import type { TabMessage } from "./tab-channel.ts";

const ann: PrincipalView = {
  userId: "u1",
  userName: "ann",
  roles: ["admin"],
  rules: [{ verbs: ["*"], resources: ["*"] }],
  via: "session",
  idleExpiresAt: null,
  expiresAt: null,
  canUnseal: true,
};
const unclaimed: SessionStatus = {
  state: "unclaimed",
  node: "12D3KooWtest0001",
  nodeName: "pi-a",
  fingerprint: "AAAA-BBBB-CCCC-DDDD",
  meshName: null,
  principal: null,
  oidc: null,
  clock: null,
  lockedUntil: null,
};
const member: SessionStatus = { ...unclaimed, state: "member", meshName: "home" };
const PASSWORD = "tulip bridge seven";
const setup = { code: "ABCDE", meshName: "home", userName: "ann", password: PASSWORD };

/** A peer on the wire, the clock, the tabs and whether somebody looks, all in the test's hands. */
function world(initial: SessionStatus) {
  const peer = { status: initial, away: false, asked: 0, loginWorks: true, keepsCookies: true };
  const answer = (method: string, path: string): Response => {
    if (peer.away) throw new TypeError("connection refused");
    const headers = { date: "Sat, 21 Nov 2026 12:00:00 GMT" };
    if (path === "/api/v1/setup") return Response.json({ meshId: "m", node: peer.status.node }, { headers });
    if (path !== "/api/v1/session") {
      const signedIn = peer.status.principal !== null;
      return new Response(null, { status: signedIn ? 204 : 401, headers });
    }
    if (method === "GET") peer.asked += 1;
    if (method === "POST") {
      if (!peer.loginWorks) return new Response(null, { status: 401, headers });
      if (peer.keepsCookies) peer.status = { ...peer.status, principal: ann };
    }
    if (method === "DELETE") {
      peer.status = { ...peer.status, principal: null };
      return new Response(null, { status: 204, headers });
    }
    return Response.json(peer.status, { headers });
  };
  const answers = new AnswerWatch(((url: URL, init?: RequestInit) =>
    Promise.resolve().then(() => answer(init?.method ?? "GET", url.pathname))) as typeof fetch);
  const clock = new ManualClock();
  const client = createClient({ baseUrl: "http://pi-a", fetch: answers.fetch, clock });
  const posted: TabMessage[] = [];
  const tabs = {
    hear: (() => {}) as (message: TabMessage) => void,
    post: (message: TabMessage) => void posted.push(message),
    onMessage(callback: (message: TabMessage) => void) {
      tabs.hear = callback;
    },
  };
  const visibility = { visible: () => true, onChange: () => () => {} };
  const identity = new Identity({ client, answers, clock, visibility, tabs, random: () => 0.5 });
  identity.start();
  return { peer, identity, clock, client, posted, tabs };
}

describe("Identity", () => {
  it("shows set-up, login or the application, as the peer says", async () => {
    for (const [status, phase] of [
      [unclaimed, "unclaimed"],
      [member, "login"],
      [{ ...member, principal: ann }, "known"],
    ] as const) {
      const { identity, clock } = world(status);
      expect(identity.phase.value).toBe("asking");
      await clock.advance(0);
      expect(identity.phase.value).toBe(phase);
    }
  });

  it("goes on to ask a peer that does not answer, and says why", async () => {
    const { peer, identity, clock } = world(member);
    peer.away = true;
    await clock.advance(0);
    expect(identity.phase.value).toBe("asking");
    expect(identity.problem.value?.code).toBe("UNAVAILABLE");
    peer.away = false;
    await clock.advance(1000);
    expect(identity.phase.value).toBe("login");
  });

  it("notices that an unclaimed node was admitted from another one", async () => {
    const { peer, identity, clock } = world(unclaimed);
    await clock.advance(0);
    peer.status = member;
    await clock.advance(3000);
    expect(identity.phase.value).toBe("login");
    expect(identity.ended.value).toBeNull();
  });

  it("takes a 401 on whatever request for a hint, and asks before it believes", async () => {
    const { peer, identity, clock, client } = world({ ...member, principal: ann });
    await clock.advance(0);
    peer.status = member;
    await expect(client.sessions.end("s1")).rejects.toBeInstanceOf(MeshError);
    await clock.advance(0);
    expect(identity.phase.value).toBe("login");
    expect(identity.ended.value).toBe("expired");
    expect(identity.lastUserName.value).toBe("ann");
  });

  it("tells the other tabs of a login and a logout, and believes theirs once the peer confirms it", async () => {
    const { peer, identity, clock, posted, tabs } = world(member);
    await clock.advance(0);
    await identity.login({ userName: "ann", password: PASSWORD });
    expect(identity.phase.value).toBe("known");
    await identity.logout();
    expect(identity.ended.value).toBe("logged-out");
    expect(posted).toEqual(["logged-in", "logged-out"]);

    peer.status = { ...member, principal: ann };
    tabs.hear("logged-in");
    await clock.advance(0);
    expect(identity.phase.value).toBe("known");
    tabs.hear("logged-out");
    await clock.advance(0);
    expect(identity.phase.value).toBe("known");
    peer.status = member;
    tabs.hear("logged-out");
    await clock.advance(0);
    expect(identity.ended.value).toBe("elsewhere");
  });

  it("says so when the browser does not keep the session", async () => {
    const { peer, identity, clock } = world(member);
    await clock.advance(0);
    peer.keepsCookies = false;
    await expect(identity.login({ userName: "ann", password: PASSWORD })).rejects.toThrow(/Allow cookies/);
    expect(identity.phase.value).toBe("login");
  });

  it("waits after a set-up until the node is a member, through a silence, and logs in", async () => {
    const { peer, identity, clock } = world(unclaimed);
    await clock.advance(0);
    const claimed = identity.claim(setup);
    await clock.advance(1000);
    expect(identity.phase.value).toBe("claiming");
    peer.away = true;
    await clock.advance(5000);
    expect(identity.phase.value).toBe("claiming");
    peer.away = false;
    peer.status = member;
    await clock.advance(2000);
    await claimed;
    expect(identity.phase.value).toBe("known");
  });

  it("leaves the login to its page when it fails after a set-up", async () => {
    const { peer, identity, clock } = world(unclaimed);
    await clock.advance(0);
    peer.loginWorks = false;
    const claimed = identity.claim(setup);
    peer.status = member;
    await clock.advance(2000);
    await claimed;
    expect(identity.phase.value).toBe("login");
    expect(identity.lastUserName.value).toBe("ann");
  });

  it("remembers the mesh that the node is put out of while the page is open", async () => {
    const { peer, identity, clock } = world({ ...member, principal: ann });
    await clock.advance(0);
    expect(identity.formerMesh.value).toBeNull();
    peer.status = unclaimed;
    await clock.advance(60_000);
    expect(identity.phase.value).toBe("unclaimed");
    expect(identity.formerMesh.value).toBe("home");
  });

  it("asks nothing more after a farewell", async () => {
    const { peer, identity, clock } = world({ ...member, principal: ann });
    await clock.advance(0);
    identity.bidFarewell({ kind: "revoked", nodeName: "pi-a", others: [] });
    const { asked } = peer;
    await clock.advance(600_000);
    expect(peer.asked).toBe(asked);
    expect(identity.phase.value).toBe("farewell");
  });

  it("reckons time by the peer's clock, and by what that is behind", async () => {
    const { identity, clock } = world({ ...member, clock: { behindByMs: 5000 } });
    expect(identity.peerNow()).toBeNull();
    await clock.advance(0);
    const now = Date.parse("2026-11-21T12:00:05Z");
    expect(identity.peerNow()).toBe(now);
    await clock.advance(1500);
    expect(identity.peerNow()).toBe(now + 1500);
  });
});
