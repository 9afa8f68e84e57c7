import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import type { ApiTokenView, EventPage, NodePage, SessionStatus } from "@pi-controller/schema";
import { Trust, TrustStore, type TrustView } from "@pi-controller/security";
import { afterEach, describe, expect, it } from "vitest";
import { setupCodeIn } from "../../scripts/mesh-setup.ts";
import {
  approve,
  asStranger,
  bearerOf,
  logIn,
  makeApiToken,
  nodeOf,
  revoke,
  statusWith,
} from "../support/acts.ts";
import { atTime } from "../support/fake-time.ts";
import { allSee, Cleanup, PeerProcess, startMesh } from "../support/peer-process.ts";
import { copyCard, Rogue, readCard } from "../support/stolen-card.ts";
import { waitFor } from "../support/wait.ts";

/** What the product promises. */
const CUT_WITHIN_MS = 5_000;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function threePeers(meshName: string): Promise<readonly [PeerProcess, PeerProcess, PeerProcess]> {
  const [first, second, third] = await startMesh(cleanup, 3, { meshName });
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("Three were started");
  return [first, second, third];
}

/** What a peer holds of the trust of its mesh, from a copy of its files. */
function trustOf(peer: PeerProcess): TrustView {
  const directory = cleanup.temporaryDirectory();
  for (const name of readdirSync(peer.dataDirectory).filter((file) => file.startsWith("trust.db"))) {
    cpSync(join(peer.dataDirectory, name), join(directory, name));
  }
  const store = TrustStore.open(directory);
  if (store === undefined) throw new Error(`${peer.name} belongs to no mesh`);
  const trust = Trust.load({ clock: systemClock(), logger: silentLogger, store }, { buildDateMs: 0 });
  trust.close();
  return trust.view;
}

/** Everybody is at the same mesh secret, and who is gone has none of it. */
function epochsOf(view: TrustView): Record<string, number> {
  return Object.fromEntries([...view.meshSecrets].map(([node, { epoch }]) => [node, epoch]));
}

async function connectionsOf(peer: PeerProcess): Promise<string[]> {
  return (await peer.mesh()).connections.map(({ node }) => node);
}

/** Waits until no peer has a node in its roster or a connection to it. @returns after how many ms */
async function cutEverywhere(peers: readonly PeerProcess[], node: string, sinceMs: number): Promise<number> {
  await Promise.all(
    peers.map((peer) =>
      waitFor(
        `${peer.name} has cut it`,
        async () =>
          !(await connectionsOf(peer)).includes(node) && !(await peer.nodes()).some(({ id }) => id === node),
        { withinMs: CUT_WITHIN_MS, everyMs: 20 },
      ),
    ),
  );
  return performance.now() - sinceMs;
}

/** Nothing that is secret of a mesh, nor who the node was. */
function expectWiped(directory: string, former: string): void {
  const names = readdirSync(directory);
  expect(names).not.toContain("trust.db");
  expect(names).not.toContain("documents");
  expect(names).not.toContain("document-clocks");
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(readFileSync(join(entry.parentPath, entry.name)).includes(former), entry.name).toBe(false);
  }
}

describe("a revoked peer", () => {
  it("is cut everywhere within five seconds, with its sessions and tokens, and without a hand on the others", async () => {
    const [first, second, victim] = await threePeers("revocation");
    const peers = [first, second];
    const node = await nodeOf(victim);
    const { cookie } = await logIn(victim, first.access);
    const { cookie: elsewhere } = await logIn(second, first.access);
    const token = await makeApiToken(victim, first.access, { cookie });
    const jwt = (await victim.request("/api/v1/session/jwt", { method: "POST", headers: { cookie } }))
      .body as {
      token: string;
    };
    const own = bearerOf(token);
    // Not asked with the token itself: a node that does not know it yet would take this address for one that guesses.
    await waitFor(
      "the token is known on the others",
      async () => {
        const { items } = (await second.request("/api/v1/api-tokens?all=true")).body as {
          items: ApiTokenView[];
        };
        return items.some((item) => item.node === node);
      },
      { withinMs: 5_000 },
    );
    for (const bearer of [own, bearerOf(jwt.token)]) expect(await statusWith(second, bearer)).toBe(200);
    expect(await statusWith(victim, { cookie })).toBe(200);
    const before = epochsOf(trustOf(first));

    const sinceMs = performance.now();
    await revoke(second, node);
    const tookMs = await cutEverywhere(peers, node, sinceMs);
    expect(tookMs).toBeLessThan(CUT_WITHIN_MS);
    for (const peer of peers) {
      expect(await statusWith(peer, own)).toBe(401);
      expect(await statusWith(peer, bearerOf(jwt.token))).toBe(401);
      // Who was logged in elsewhere notices nothing.
      expect(await statusWith(peer, bearerOf(first.access.apiToken))).toBe(200);
    }
    expect(await statusWith(second, { cookie: elsewhere })).toBe(200);
    const listed = (await first.request("/api/v1/api-tokens?all=true")).body as { items: ApiTokenView[] };
    expect(listed.items.filter((item) => item.node === node && item.state === "valid")).toEqual([]);
    // It was told, and has nothing left: it waits to be enrolled, as a node that nobody knows.
    await waitFor("it belongs to nobody", async () => (await victim.session()).state === "unclaimed", {
      withinMs: 15_000,
    });
    expect(await statusWith(victim, { cookie })).toBe(403);
    expectWiped(victim.dataDirectory, node);

    // A new secret, which all others have by themselves; they do not lose sight of each other.
    const epoch = Math.max(...Object.values(before)) + 1;
    await waitFor(
      "both have the next mesh secret",
      async () => peers.every((peer) => Object.values(epochsOf(trustOf(peer))).every((is) => is === epoch)),
      { withinMs: 10_000, everyMs: 250 },
    );
    expect(Object.keys(epochsOf(trustOf(first))).sort()).toEqual(
      [await nodeOf(first), await nodeOf(second)].sort(),
    );
    await allSee(peers, ["pi-a", "pi-b"], "alive", 5_000);
    const { items } = (await first.request("/api/v1/events?type=cluster.node.failed")).body as EventPage;
    expect(items.map(({ node: about }) => about)).not.toContain(await nodeOf(second));
  });

  it("may be the one that the admin is logged in through: he is answered, and then it is gone", async () => {
    const [first, second, third] = await threePeers("revocation-self");
    const node = await nodeOf(first);
    // The token of all other requests was made on it, and goes with it.
    const { cookie } = await logIn(second, first.access);
    const apiToken = await makeApiToken(second, first.access, { cookie });
    const sinceMs = performance.now();
    await revoke(first, node);
    for (const peer of [second, third]) peer.useAccess({ ...first.access, apiToken });
    await cutEverywhere([second, third], node, sinceMs);
    expect(await statusWith(third, bearerOf(first.access.apiToken))).toBe(401);
    await waitFor("it belongs to nobody", async () => (await first.session()).state === "unclaimed", {
      withinMs: 15_000,
    });
    expectWiped(first.dataDirectory, node);
    // The others are a mesh as before, to the same admin.
    await allSee([second, third], ["pi-b", "pi-c"], "alive", 10_000);
    expect(await logIn(third, first.access)).toMatchObject({ cookie: expect.stringContaining("session-") });
  });

  it("is refused by a member that was away, which learns of it before anything else when it is back", async () => {
    const [first, away, victim] = await threePeers("revocation-away");
    const node = await nodeOf(away);
    await Promise.all([away.kill("SIGKILL"), victim.kill("SIGKILL")]);
    const card = await readCard(cleanup, copyCard(cleanup, victim));
    await revoke(first, card.node);
    const news = { address: "127.1.0.8", name: "news" };
    expect((await first.send("POST", "/api/v1/nodes", news)).status).toBe(201);

    const back = cleanup.peer(await away.again(["--join", first.meshAddress]));
    // The thief was waiting for it.
    const rogue = await Rogue.start(cleanup, card, [{ node, address: back.meshAddress }]);
    const names = await waitFor(
      "it has read the news",
      async () => {
        const nodes = await back.nodes();
        return nodes.some(({ name }) => name === "news") && nodes;
      },
      { withinMs: 15_000, everyMs: 5 },
    );
    // Whatever came after the revocation is there after it.
    expect(names.map(({ id }) => id)).not.toContain(card.node);
    expect(await connectionsOf(back)).not.toContain(card.node);
    for (let count = 0; count < 3; count++) expect(await rogue.connect()).toEqual(["unreachable"]);
    expect(rogue.stranger.network.status().connections).toEqual([]);
    expect(epochsOf(trustOf(back))).not.toHaveProperty(card.node);
    await allSee([first, back], ["pi-a", "pi-b"], "alive", 10_000);
  });

  it("hears of it also when it was not there at the moment when it was cut", async () => {
    const [first, second, victim] = await threePeers("revocation-missed");
    const node = await nodeOf(victim);
    victim.signal("SIGSTOP");
    await revoke(second, node);
    await cutEverywhere([first, second], node, performance.now());
    victim.signal("SIGCONT");
    await waitFor("it belongs to nobody", async () => (await victim.session()).state === "unclaimed", {
      withinMs: 15_000,
    });
    expectWiped(victim.dataDirectory, node);
  });

  it("that was off, and comes back after a month with its old documents, gets nothing, tells nobody, and forgets its keys when it hears of it", async () => {
    const [first, second, victim] = await threePeers("revocation-month");
    const members = [first, second];
    const node = await nodeOf(victim);
    await victim.kill("SIGKILL");
    const before = cleanup.temporaryDirectory();
    cpSync(victim.dataDirectory, before, { recursive: true });
    await revoke(first, node);
    const body = { address: "127.1.0.8", name: "among-the-living" };
    expect((await first.send("POST", "/api/v1/nodes", body)).status).toBe(201);

    // Not before it has something to tell.
    for (const member of members) member.signal("SIGSTOP");
    const ghost = cleanup.peer(
      await PeerProcess.start({
        name: victim.name,
        dataDirectory: before,
        access: first.access,
        env: atTime("+29d"),
        flags: ["--no-mdns", "--join", first.meshAddress, "--join", second.meshAddress],
      }),
    );
    const grave = { address: "127.1.0.7", name: "from-the-grave" };
    expect((await ghost.send("POST", "/api/v1/nodes", grave)).status).toBe(201);
    for (const member of members) member.signal("SIGCONT");
    const seen = new Set<string>();
    await waitFor(
      "it belongs to nobody",
      async () => {
        const { status, body: page } = await ghost.request("/api/v1/nodes");
        if (status === 200) for (const { name } of (page as NodePage).items) seen.add(name);
        return (await ghost.session()).state === "unclaimed";
      },
      { withinMs: 20_000 },
    );
    expect([...seen]).not.toContain("among-the-living");
    expectWiped(before, node);
    expect(ghost.log).toContain("This node was revoked");
    for (const peer of members) {
      const names = (await peer.nodes()).map(({ name }) => name);
      expect(names).toContain("among-the-living");
      expect(names).not.toContain("from-the-grave");
      expect(await connectionsOf(peer)).not.toContain(node);
    }
  });
});

describe("a peer that leaves", () => {
  it("tells the others, keeps no key, and can be enrolled anew", async () => {
    const [first, second, leaver] = await threePeers("leaving");
    const node = await nodeOf(leaver);
    const wrong = await leaver.send("POST", "/api/v1/mesh/leave", { password: "not-the-password" });
    expect(wrong.status).toBe(401);
    const { password } = first.access;
    const sinceMs = performance.now();
    expect((await leaver.send("POST", "/api/v1/mesh/leave", { password })).status).toBe(204);
    await cutEverywhere([first, second], node, sinceMs);
    await waitFor("it belongs to nobody", async () => (await leaver.session()).state === "unclaimed", {
      withinMs: 15_000,
    });
    expectWiped(leaver.dataDirectory, node);
    const renewed = (await asStranger(leaver)("/api/v1/session")).body as SessionStatus;
    expect(renewed.node).not.toBe(node);

    const meshAddress =
      leaver.log
        .match(/"addresses":\["[^"]+"/g)
        ?.at(-1)
        ?.split('"')[3] ?? "";
    const found = await second.send("POST", "/api/v1/pending-nodes", { address: meshAddress });
    expect(found.body).toMatchObject({ id: renewed.node });
    const code = await setupCodeIn(leaver.dataDirectory);
    const approval = { code, name: "born-again", password };
    const approved = await second.send("POST", `/api/v1/pending-nodes/${renewed.node}/approve`, approval);
    expect(approved.status).toBe(200);
    await allSee([first, second], ["born-again"], "alive", 15_000);
  });

  it("may be told so by whoever has the machine in his hands, with --leave, and ends then", async () => {
    const [first, second, leaver] = await threePeers("leaving-console");
    const node = await nodeOf(leaver);
    expect(await leaver.kill("SIGTERM")).toBe(0);
    const leaving = cleanup.peer(
      new PeerProcess({
        name: leaver.name,
        dataDirectory: leaver.dataDirectory,
        flags: ["--no-mdns", "--leave", "--join", first.meshAddress],
      }),
    );
    expect(await leaving.ended(), leaving.log).toBe(0);
    expectWiped(leaver.dataDirectory, node);
    await cutEverywhere([first, second], node, performance.now());

    const anew = cleanup.peer(
      await PeerProcess.start({
        name: "pi-c",
        dataDirectory: leaver.dataDirectory,
        flags: ["--no-mdns"],
        access: first.access,
      }),
    );
    expect((await anew.session()).state).toBe("unclaimed");
    expect((await approve(first, anew)).status).toBe(200);
    await allSee([first, second], ["pi-c"], "alive", 15_000);
  });
});
