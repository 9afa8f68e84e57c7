import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { multiaddr } from "@multiformats/multiaddr";
import { randomInteger, seededRandom } from "@pi-controller/runtime";
import type { Inventory, PendingNodeList, SessionStatus } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { becomesMember, setupCodeIn } from "../../scripts/mesh-setup.ts";
import { approve, findPending, json, makeJoinToken, nodeOf } from "../support/acts.ts";
import { atTime } from "../support/fake-time.ts";
import {
  allSee,
  Cleanup,
  joinByToken,
  PeerProcess,
  type PeerProcessOptions,
  startMesh,
} from "../support/peer-process.ts";
import { speakPatiently, startBareNode, startStranger } from "../support/strangers.ts";
import { waitFor } from "../support/wait.ts";

const WRONG_CODE = "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ";
const ELSEWHERE = "127.0.0.9";
/** How much faster time goes for the peer whose lock-out is waited for, where libfaketime is there. */
const TIME_LAPSE = 3;

const cleanup = new Cleanup();
let founder: PeerProcess;
let second: PeerProcess;
/** Somebody has tried wrong codes on it from `ELSEWHERE`, at the beginning of all. */
let besieged: PeerProcess;

beforeAll(async () => {
  const mesh = startMesh(cleanup, 2, { meshName: "enrolment" });
  besieged = await startUnclaimed("besieged", { env: atTime(`+0 x${TIME_LAPSE}`) });
  for (let count = 0; count < 4; count++) {
    expect(await setUpFrom(ELSEWHERE, WRONG_CODE)).toMatchObject({ status: 400 });
  }
  const [one, other] = await mesh;
  if (one === undefined || other === undefined) throw new Error("Two peers were started");
  [founder, second] = [one, other];
});
afterAll(() => cleanup.run());

async function startUnclaimed(
  name: string,
  { flags = [], ...options }: Pick<PeerProcessOptions, "flags" | "env"> = {},
): Promise<PeerProcess> {
  const dataDirectory = cleanup.temporaryDirectory();
  return cleanup.peer(
    await PeerProcess.start({ ...options, name, dataDirectory, flags: ["--no-mdns", ...flags] }),
  );
}

async function startWithToken(name: string, token: string): Promise<PeerProcess> {
  const file = join(cleanup.temporaryDirectory(), "join-token");
  writeFileSync(file, token, { mode: 0o600 });
  return startUnclaimed(name, { flags: ["--join-token-file", file] });
}

const memberCount = async () => (await founder.nodes()).filter(({ kind }) => kind === "peer").length;

/** Sends a set-up request from another address of this machine. */
function setUpFrom(
  localAddress: string,
  code: string,
): Promise<{ status: number; retryAfter: string | undefined; body: string }> {
  const body = JSON.stringify({
    code,
    meshName: "besieged",
    userName: "admin",
    password: "correct-horse-battery",
  });
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(besieged.url);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const options = { localAddress, hostname, port, path: "/api/v1/setup", method: "POST", headers };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers["retry-after"],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

describe("a peer that belongs to no mesh", () => {
  it("locks out an address that tries wrong codes, with the right one too, and says for how long", async () => {
    expect(await setUpFrom(ELSEWHERE, WRONG_CODE)).toMatchObject({ status: 400 });
    const code = await setupCodeIn(besieged.dataDirectory);
    const refused = await setUpFrom(ELSEWHERE, code);
    expect(refused).toMatchObject({ status: 429 });
    expect(Number(refused.retryAfter)).toBeGreaterThan(30);
    expect(Number(refused.retryAfter)).toBeLessThanOrEqual(60);
    expect(refused.body).not.toContain(code);
    expect((await besieged.session()).state).toBe("unclaimed");
  });

  it("answers nothing but its set-up: no route of a member, no WebSocket", async () => {
    const unclaimed = await startUnclaimed("pi-u");
    const { items } = (await founder.request("/api/v1/inventory")).body as Inventory;
    const routes = items.filter(({ protocol }) => protocol === "rest").map(({ name }) => name);
    expect(routes.length).toBeGreaterThan(40);
    const answered: string[] = [];
    for (const route of routes) {
      const [method = "", path = ""] = route.split(" ");
      const filled = path.replaceAll(/\{[a-z]+\}/g, "12D3KooWE7XUorSRHsrBFijDfBCnEY5zYijaFnauygbSGqJjCd7K");
      const answer = await fetch(unclaimed.url + filled, { method, redirect: "manual" });
      await answer.text();
      if (![403, 404, 405].includes(answer.status)) answered.push(route);
    }
    expect(answered.sort()).toEqual(["GET /api/v1/session", "GET /healthz", "GET /readyz"]);
    const socket = new WebSocket(`${unclaimed.url.replace("http", "ws")}/api/v1/events`);
    const status = await new Promise((resolve) => {
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("open", () => resolve("open"));
      socket.on("error", () => resolve("error"));
    });
    socket.terminate();
    expect(status).toBe(403);
  });

  it("speaks no protocol of a mesh, and of requests those of enrolment alone", async () => {
    const unclaimed = await startUnclaimed("pi-v");
    const { protocols } = await startStranger(cleanup);
    const bare = await startBareNode(cleanup);
    const address = multiaddr(unclaimed.meshAddress);
    expect(protocols.length).toBeGreaterThanOrEqual(3);
    for (const protocol of [...protocols, "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"]) {
      expect(await speakPatiently(bare, address, protocol), protocol).toBe("unknown protocol");
    }
    expect(await speakPatiently(bare, address, "/pi-controller/pending/request/1")).toBe("spoken");

    const asker = await startStranger(cleanup, { meshName: "pending" });
    const node = await nodeOf(unclaimed);
    asker.addressBook.add(node, [unclaimed.meshAddress]);
    const { items } = (await founder.request("/api/v1/inventory")).body as Inventory;
    const methods = items.filter(({ protocol }) => protocol === "request").map(({ name }) => name);
    expect(methods.length).toBeGreaterThan(3);
    const empty = new TextEncoder().encode("{}");
    const ask = (method: string) => asker.network.request(node, method, empty, { timeoutMs: 3_000 });
    for (const method of methods) {
      await expect(ask(method), method).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
    }
    // That it speaks at all, and not to everybody.
    await expect(ask("enrolment.hello")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("is admitted by a member that did not found the mesh, to whom somebody gives its code", async () => {
    const pending = await startUnclaimed("pi-w");
    const wrong = await approve(second, pending, { code: WRONG_CODE });
    expect(wrong).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT" } });
    expect(JSON.stringify(wrong.body)).toContain("code");
    expect((await pending.session()).state).toBe("unclaimed");

    const before = await memberCount();
    expect(await approve(second, pending, { name: "kitchen" })).toMatchObject({ status: 200 });
    await becomesMember((path, init) => pending.request(path, init));
    await allSee([founder, second], ["kitchen"], "alive", 15_000);
    expect(await memberCount()).toBe(before + 1);
    // The code is good for nothing any more, and gone.
    expect(readdirSync(pending.dataDirectory)).not.toContain("setup-code");
    expect((await pending.request("/api/v1/nodes", { headers: { cookie: "nobody=1" } })).status).toBe(401);
    const { authorization } = { authorization: `Bearer ${founder.access.apiToken}` };
    expect((await pending.request("/api/v1/nodes", { headers: { authorization } })).status).toBe(200);
  });

  it("founds no second mesh in one, nor joins another, once it is a member", async () => {
    const request = {
      code: WRONG_CODE,
      meshName: "other",
      userName: "eve",
      password: "correct-horse-battery",
    };
    const again = await fetch(`${second.url}/api/v1/setup`, json("POST", request));
    expect([401, 403, 404]).toContain(again.status);
    const other = await startUnclaimed("pi-x");
    await other.claim("another");
    // Each is asked to take in the other one.
    for (const [member, stranger] of [
      [founder, other],
      [other, founder],
    ] as const) {
      const answer = await member.send("POST", "/api/v1/pending-nodes", { address: stranger.meshAddress });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    expect((await other.session()).meshName).toBe("another");
    expect((await other.nodes()).map(({ name }) => name)).toEqual(["pi-x"]);
  });
});

describe("an approval", () => {
  it("ends with exactly one membership, whenever the node is killed in it", async () => {
    const seed = randomBytes(4).readUInt32LE();
    const random = seededRandom(seed);
    const before = await memberCount();
    let victim = await startUnclaimed("pi-k");
    const node = await nodeOf(victim);
    const code = await setupCodeIn(victim.dataDirectory);
    for (let round = 0; round < 3; round++) {
      const killMs = randomInteger(random, 260);
      await findPending(second, victim);
      const approval = approve(second, victim, { code, name: "survivor" }).catch(() => undefined);
      const dying = victim;
      const killed = new Promise((resolve) => setTimeout(resolve, killMs)).then(() => dying.kill("SIGKILL"));
      await Promise.all([approval, killed]);
      victim = cleanup.peer(await victim.again());
      if ((await victim.session()).state === "member") break;
    }
    // Somebody tries once more, as a person would who sees it still waiting.
    await waitFor(
      `it is a member (seed ${seed})`,
      async () => {
        if ((await victim.session()).state === "member") return true;
        await approve(second, victim, { code, name: "survivor" });
        return false;
      },
      { withinMs: 20_000, everyMs: 500 },
    );
    expect(await nodeOf(victim), `seed ${seed}`).toBe(node);
    const rejoined = cleanup.peer(
      await (async () => {
        await becomesMember((path, init) => victim.request(path, init));
        await victim.kill("SIGTERM");
        return victim.again(["--join", (await second.mesh()).addresses[0] ?? ""]);
      })(),
    );
    await waitFor(
      `one node more is alive (seed ${seed})`,
      async () => {
        const found = (await founder.nodes()).filter(({ id }) => id === node);
        return found.length === 1 && found[0]?.membership.state === "alive";
      },
      { withinMs: 20_000 },
    );
    expect(await memberCount(), `seed ${seed}`).toBe(before + 1);
    expect((await nodeOf(rejoined)) === node, `seed ${seed}`).toBe(true);
  });
});

describe("a join token", () => {
  it("admits as many nodes as it has uses, without a click, and no more", async () => {
    const { id, token } = await makeJoinToken(founder, { uses: 1 });
    const before = await memberCount();
    const [first, next] = await Promise.all([startWithToken("pi-t", token), startWithToken("pi-u", token)]);
    // From another node than the one it was made on: the token works everywhere.
    await joinByToken(second, first);
    await findPending(second, next);
    const problem = await waitFor("it is known why the next one stays out", () => problemOf(next), {
      withinMs: 15_000,
    });
    expect(problem).toMatch(/as many nodes as it may/);
    expect((await next.session()).state).toBe("unclaimed");
    expect(await memberCount()).toBe(before + 1);
    expect(JSON.stringify((await founder.request("/api/v1/join-tokens")).body)).toContain(id);
    expect(JSON.stringify((await founder.request("/api/v1/join-tokens")).body)).not.toContain(
      token.split("_").at(-1),
    );
  });

  it("admits nobody once it was revoked", async () => {
    const { id, token } = await makeJoinToken(founder, { uses: 5 });
    const { password } = founder.access;
    const revoked = await founder.send("POST", `/api/v1/join-tokens/${id}/revoke`, { password });
    expect(revoked.status).toBe(204);
    const node = await startWithToken("pi-y", token);
    await findPending(founder, node);
    const problem = await waitFor("it is known why it stays out", () => problemOf(node, founder), {
      withinMs: 15_000,
    });
    expect(problem).toMatch(/revoked/i);
    expect((await node.session()).state).toBe("unclaimed");
  });

  async function problemOf(peer: PeerProcess, member = second): Promise<string | undefined> {
    const id = await nodeOf(peer);
    const { items } = (await member.request("/api/v1/pending-nodes")).body as PendingNodeList;
    return items.find((node) => node.id === id)?.problem ?? undefined;
  }
});

describe("a lock-out", () => {
  it("ends by itself: then the right code makes a mesh", async () => {
    const code = await setupCodeIn(besieged.dataDirectory);
    await waitFor(
      "the lock-out is over",
      async () => (await setUpFrom(ELSEWHERE, code)).status === 201,
      // One minute from the fifth wrong code; most of it has passed.
      { withinMs: 58_000, everyMs: 1_000 },
    );
    await waitFor(
      "it is a member",
      async () => ((await besieged.request("/api/v1/session")).body as SessionStatus).state === "member",
      { withinMs: 15_000 },
    );
  });
});
