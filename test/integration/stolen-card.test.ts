import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { multiaddr } from "@multiformats/multiaddr";
import { temporaryKey } from "@pi-controller/mesh/libp2p";
import { nodesCollection } from "@pi-controller/nodes";
import { systemClock } from "@pi-controller/runtime";
import type { Jwt, SessionStatus } from "@pi-controller/schema";
import {
  coSign,
  type Envelope,
  formatApiToken,
  newSeed,
  PasswordHasher,
  PasswordKeyring,
  parseApiToken,
  parseJoinToken,
  publicKeyOfSeed,
  type Statement,
  type StatementDraft,
  signingKey,
  toBase64Url,
  trustCollection,
  unseal,
} from "@pi-controller/security";
import { authorityContext, makeJwt, signDelegation } from "@pi-controller/security/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJoinToken } from "../../scripts/mesh-setup.ts";
import {
  addUser,
  asStranger,
  bearerOf,
  json,
  logIn,
  makeApiToken,
  nodeOf,
  type Person,
  revoke,
  statusWith,
} from "../support/acts.ts";
import {
  expectNotAdmitted,
  isLetIn,
  sayItLeft,
  storedDelegations,
  storedStrings,
  tlsAs,
} from "../support/card-attacks.ts";
import { claimsOfSecurity } from "../support/claims.ts";
import { atTime } from "../support/fake-time.ts";
import { allSee, Cleanup, joinByToken, PeerProcess, startMesh } from "../support/peer-process.ts";
import { encodingsOf } from "../support/secrets.ts";
import { copyCard, forge, forgeries, Rogue, readCard, type StolenCard } from "../support/stolen-card.ts";
import { startStranger } from "../support/strangers.ts";
import { waitFor } from "../support/wait.ts";

const DAY_MS = 24 * 3_600_000;
const WRONG_TIME = "2026-01-01T00:00:00.000Z";
const cleanup = new Cleanup();
let first: PeerProcess;
let second: PeerProcess;
/** Was revoked before the card was stolen. */
let revokedBefore: StolenCard;
/** Its card is stolen: `card` is what is on it. */
let victim: PeerProcess;
let card: StolenCard;
let rogue: Rogue;
/** Logged in on the victim before it was stolen, and nowhere else. */
let mona: Person;
let adminId: string;
/** All that was ever secret on that node, by what it is. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  const [one, other, doomed] = await startMesh(cleanup, 3, { meshName: "stolen" });
  if (one === undefined || other === undefined || doomed === undefined) throw new Error("Three were started");
  [first, second] = [one, other];
  const { access } = first;
  const joinToken = await createJoinToken((path, init) => first.request(path, init), access);
  const dataDirectory = join(cleanup.temporaryDirectory(), "pi-s");
  // Where whoever writes the card puts it.
  mkdirSync(dataDirectory, { mode: 0o700 });
  writeFileSync(join(dataDirectory, "join-token"), joinToken, { mode: 0o600 });
  victim = cleanup.peer(
    await PeerProcess.start({ name: "pi-s", dataDirectory, access, flags: ["--no-mdns"] }),
  );
  await joinByToken(first, victim);
  await allSee([first, second, victim], ["pi-a", "pi-b", "pi-s"], "alive", 20_000);
  mona = await addUser(first, "mona", ["monitor"]);
  await waitFor("mona is known there", async () => (await logIn(victim, mona)).cookie !== "", {
    withinMs: 10_000,
    everyMs: 500,
  });
  const { cookie } = await logIn(victim, mona);
  const apiToken = await makeApiToken(victim, mona, { cookie });
  // Also certifies the nodes that have come with a token.
  await logIn(first, access);
  await waitFor(
    "the victim has a certificate of the mesh",
    async () => JSON.stringify((await victim.request("/api/v1/certificates")).body).includes('"leaf"'),
    { withinMs: 10_000 },
  );
  await doomed.kill("SIGKILL");
  revokedBefore = await readCard(cleanup, copyCard(cleanup, doomed));
  await revoke(first, revokedBefore.node);
  await waitFor(
    "everybody knows that it was revoked",
    async () =>
      (await Promise.all([second, victim].map((peer) => peer.nodes()))).every(
        (nodes) => !nodes.some(({ name }) => name === doomed.name),
      ),
    { withinMs: 10_000 },
  );
  secrets.set("the join token", joinToken);
  secrets.set(
    "the key of the join token",
    toBase64Url(parseJoinToken(joinToken)?.seed ?? new Uint8Array(32)),
  );
  secrets.set("the API token", apiToken);
  secrets.set("the key of the API token", toBase64Url(parseApiToken(apiToken)?.seed ?? new Uint8Array(32)));
  secrets.set("the session", cookie.split("=")[1] ?? "");
  secrets.set("mona's password", mona.password);
  secrets.set("the admin's password", access.password);
  secrets.set("the admin's API token", access.apiToken);
  await victim.kill("SIGKILL");
  card = await readCard(cleanup, copyCard(cleanup, victim));
  adminId = [...card.trust.view.users.values()].find(({ name }) => name === access.userName)?.id ?? "";
  const victims = [first, second].map(async (peer) => ({
    node: await nodeOf(peer),
    address: peer.meshAddress,
  }));
  rogue = await Rogue.start(cleanup, card, await Promise.all(victims));
}, 120_000);
afterAll(() => cleanup.run());

/** Tells all of it to everybody, one after the other, and waits until it has surely arrived. */
async function tell(envelopes: readonly Envelope[]): Promise<void> {
  for (const envelope of envelopes) await rogue.state([envelope]);
  await graffiti();
}

/** What a member may write arrives: so did what he wrote before. */
async function graffiti(): Promise<void> {
  const id = (await temporaryNode()).node;
  const name = `graffiti-${id.slice(-8).toLowerCase()}`;
  const times = { createdAt: WRONG_TIME, updatedAt: WRONG_TIME };
  const record = { id, kind: "manual", name, labels: {}, address: "127.9.9.9", ...times } as const;
  await rogue.documents.mesh.collection(nodesCollection).put(id, record);
  for (const peer of [first, second]) {
    await waitFor(
      `${peer.name} has read the document`,
      async () => (await peer.stateOf(name)) !== undefined,
      {
        withinMs: 15_000,
      },
    );
  }
}

async function temporaryNode() {
  const privateKey = await temporaryKey();
  const { network } = await startStranger(cleanup, { privateKey, meshSecret: card.meshSecret });
  return { node: network.self, privateKey, network };
}

async function onBoth(path: string, headers: Readonly<Record<string, string>>): Promise<number[]> {
  return Promise.all([first, second].map((peer) => statusWith(peer, headers, path)));
}

/** What the API tells, without what grows old by itself. */
async function listed(path: string): Promise<unknown> {
  return Promise.all([first, second].map(async (peer) => (await peer.request(path)).body));
}

const named: string[] = [];
/** A test of one claim of SECURITY.md. */
function claim(name: string, prove: () => Promise<void>): void {
  named.push(name);
  it(name, prove, 60_000);
}

describe("whoever holds the card of a node cannot", () => {
  claim("admit another node, with or without that node's set-up code", async () => {
    // A node that is a member is let in: who is not is refused for that reason alone.
    expect(await isLetIn(cleanup, card, rogue.victims, card.privateKey)).toBe(true);
    await rogue.connect();
    const { node, privateKey } = await temporaryNode();
    const boxKey = toBase64Url(randomBytes(32));
    const byAuthority = { kind: "member", node, boxKey, admittedBy: { kind: "authority", user: adminId } };
    const token = { id: "0".repeat(16), seed: newSeed() };
    const tokenKey = signingKey({ kind: "join-token", token: token.id }, token.seed);
    const usedTokens = [...card.trust.view.joinTokens.keys()];
    const admitted = (id: string) =>
      forge(
        {
          ...byAuthority,
          admittedBy: { kind: "join-token", token: id, sponsor: card.node },
        } as StatementDraft,
        signingKey({ kind: "join-token", token: id }, token.seed),
      );
    const joinToken: StatementDraft = {
      kind: "join-token",
      id: token.id,
      publicKey: toBase64Url(publicKeyOfSeed(token.seed)),
      label: "",
      createdAt: WRONG_TIME,
      createdBy: adminId,
      expiresAt: "2099-01-01T00:00:00.000Z",
      uses: 10,
      revoked: false,
    };
    expect(tokenKey.signer).toMatchObject({ kind: "join-token" });
    await tell([
      ...forgeries(card, adminId, byAuthority as StatementDraft),
      ...forgeries(card, adminId, joinToken),
      ...[token.id, ...usedTokens].map((id) => coSign(admitted(id), card.nodeKey)),
    ]);
    expect(await isLetIn(cleanup, card, rogue.victims, privateKey)).toBe(false);

    const directory = cleanup.temporaryDirectory();
    const pending = cleanup.peer(
      await PeerProcess.start({ name: "pi-p", dataDirectory: directory, flags: ["--no-mdns"] }),
    );
    const own = { ...byAuthority, node: await nodeOf(pending) } as StatementDraft;
    await expectNotAdmitted(cleanup, card, pending, forgeries(card, adminId, own));
  });

  claim("pass for another node, in the mesh or in TLS", async () => {
    // He says in the second one's name, with his own key, that it has left.
    await sayItLeft(card, rogue, await nodeOf(second));
    await graffiti();
    expect(await first.stateOf(second.name)).toBe("alive");
    // Nor does anybody who expects the second one take him for it.
    const dialler = await startStranger(cleanup, { meshSecret: card.meshSecret });
    const [own = ""] = rogue.stranger.network.status().addresses;
    const posed = multiaddr(own.split("/p2p/")[0] ?? "").toString();
    dialler.addressBook.add(await nodeOf(second), [`${posed}/p2p/${await nodeOf(second)}`]);
    const dial = await dialler.network.dial({ peer: await nodeOf(second) }, 3_000);
    expect(dial.outcome).not.toBe("connected");

    expect(await tlsAs(cleanup, card, "pi-s")).toBe("trusted");
    expect(await tlsAs(cleanup, card, "pi-b")).toMatch(/permitted subtree|name constraint/i);
    expect(await tlsAs(cleanup, card, "example.org")).toMatch(/permitted subtree|name constraint/i);
  });

  claim("make a user, change a role, or make a token for a user", async () => {
    const before = await listed("/api/v1/users");
    const rolesBefore = await listed("/api/v1/roles");
    const user = card.trust.view.users.get(mona.id);
    const credential = card.trust.view.credentials.get(adminId);
    if (user === undefined || credential === undefined) throw new Error("They are in every member's trust");
    const seed = newSeed();
    const token = { id: "1".repeat(16), seed };
    const publicKey = toBase64Url(publicKeyOfSeed(seed));
    const everything = [{ verbs: ["*" as const], resources: ["*" as const] }];
    const life = { createdAt: WRONG_TIME, expiresAt: "2099-01-01T00:00:00.000Z", revoked: false };
    const known = ({ version: _version, issuedAt: _issuedAt, ...content }: Statement) =>
      content as StatementDraft;
    await tell([
      ...forgeries(card, adminId, {
        ...known(user),
        id: "user-0000000000000000",
        name: "eve",
        roles: ["admin"],
      } as StatementDraft),
      ...forgeries(card, adminId, { ...known(user), roles: ["admin"] } as StatementDraft),
      ...forgeries(card, adminId, { ...known(user), signingKey: publicKey } as StatementDraft),
      ...forgeries(card, adminId, {
        kind: "role",
        name: "monitor",
        description: "",
        rules: everything,
        deleted: false,
      }),
      ...forgeries(card, adminId, {
        kind: "role",
        name: "eve",
        description: "",
        rules: everything,
        deleted: false,
      }),
      ...forgeries(card, adminId, {
        ...known(credential),
        salt: toBase64Url(randomBytes(16)),
      } as StatementDraft),
      ...forgeries(card, adminId, {
        kind: "api-token",
        id: token.id,
        user: adminId,
        name: "eve",
        publicKey,
        scope: null,
        node: card.node,
        ...life,
      }),
    ]);
    expect(await listed("/api/v1/users")).toEqual(before);
    expect(await listed("/api/v1/roles")).toEqual(rolesBefore);
    expect(await onBoth("/api/v1/mesh", bearerOf(formatApiToken(token)))).toEqual([401, 401]);
    // The passwords are what they were.
    await logIn(first, first.access);
    await logIn(second, mona);
  });

  claim("make a JWT for a user who did not log in on that node", async () => {
    const nowMs = Date.now();
    const { meshId } = card.trust;
    const credential = card.trust.view.credentials.get(adminId);
    const delegation = {
      sub: adminId,
      iss: meshId,
      node: card.node,
      userVersion: card.trust.view.users.get(adminId)?.version ?? 1,
      credentialVersion: credential?.version ?? 1,
      exp: Math.floor((nowMs + DAY_MS) / 1_000),
    };
    const signers = [card.nodeKey, signingKey({ kind: "user", user: adminId }, newSeed())];
    const session = { via: "session", userId: adminId, sessionId: "s", nodeKey: card.nodeKey } as const;
    const life = { meshId, node: card.node, nowMs, endsAtMs: nowMs + DAY_MS };
    const [storedToken] = [...card.trust.view.apiTokens.values()].filter(({ user }) => user === adminId);
    if (storedToken === undefined) throw new Error("The admin has an API token");
    const forged = [
      ...signers.map((key) => makeJwt({ ...session, delegation: signDelegation(delegation, key) }, life)),
      makeJwt({ via: "api-token", token: storedToken, key: card.nodeKey }, life),
      // What a node may do for those who have logged in on it, turned into more.
      ...storedDelegations(card).map((text) => makeJwt({ ...session, delegation: text }, life)),
    ];
    for (const { token } of forged) {
      expect(await onBoth("/api/v1/mesh", bearerOf(token))).toEqual([401, 401]);
    }
    // A true one, by the way, is good everywhere.
    const own = await logIn(first, first.access);
    const made = await first.request("/api/v1/session/jwt", { method: "POST", headers: own });
    const { token } = made.body as Jwt;
    expect(await onBoth("/api/v1/mesh", bearerOf(token))).toEqual([200, 200]);
  });

  claim("log in as anybody, or use a session, from what is on the disk", async () => {
    const running = cleanup.peer(
      await PeerProcess.start({
        name: "pi-s",
        dataDirectory: copyCard(cleanup, victim),
        flags: ["--no-mdns"],
      }),
    );
    expect((await running.session()).state).toBe("member");
    const cookieName = `session-${card.node.slice(-8)}`;
    const found = storedStrings(card);
    expect(found.length).toBeGreaterThan(10);
    for (const text of found) {
      const headers = { cookie: `${cookieName}=${encodeURIComponent(text)}` };
      expect(await statusWith(running, headers), "a stored text as a session").toBe(401);
      if (/^[\w.~+/-]+=*$/.test(text)) {
        expect(await statusWith(running, bearerOf(text)), "a stored text as a token").toBe(401);
      }
    }
    for (const credential of card.trust.view.credentials.values()) {
      for (const password of [credential.verifier, credential.sealedSeed, credential.salt]) {
        const login = json("POST", { userName: mona.userName, password });
        expect((await asStranger(running)("/api/v1/session", login)).status).not.toBe(200);
      }
    }
    // With the node's own key he can sign as the node; of whoever had logged in on it he has nothing to show.
    const nowMs = Date.now();
    for (const delegation of storedDelegations(card)) {
      const source = { via: "session", userId: mona.id, sessionId: "s", nodeKey: card.nodeKey } as const;
      const life = { meshId: card.trust.meshId, node: card.node, nowMs, endsAtMs: nowMs + DAY_MS };
      const { token } = makeJwt({ ...source, delegation }, life);
      expect(await onBoth("/api/v1/mesh", bearerOf(token)), "a stored delegation").toEqual([401, 401]);
    }
    const status = (await asStranger(running)("/api/v1/session")).body as SessionStatus;
    expect(status.principal).toBeNull();
    await running.kill("SIGKILL");
  });

  claim("read a join token, an API token, a password or the authority's key from the disk", async () => {
    const { trust, nodeKey } = card;
    const hasher = new PasswordHasher({ clock: systemClock() });
    const keyring = new PasswordKeyring({ trust, hasher });
    const authority = await keyring.unlockAuthority(adminId, first.access.password);
    secrets.set("the authority's key", toBase64Url(authority.seed));
    secrets.set("the root's key", toBase64Url(authority.rootKey));
    secrets.set("the admin's key", toBase64Url(authority.user.seed));
    authority.wipe();
    const files = readdirSync(victim.dataDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(8);
    const leaks: string[] = [];
    for (const file of files) {
      const bytes = readFileSync(file);
      for (const [what, secret] of secrets) {
        if (encodingsOf(secret).some((form) => bytes.includes(form))) leaks.push(`${what} in ${file}`);
      }
    }
    expect(leaks).toEqual([]);
    // What is sealed there is sealed to others than the node.
    const boxes = trust.view.authorityBoxes?.boxes ?? {};
    expect(Object.keys(boxes)).toContain(adminId);
    for (const [user, box] of Object.entries(boxes)) {
      await expect(nodeKey.box.open(box, authorityContext(user))).rejects.toThrow();
    }
    for (const { user, sealedSeed } of trust.view.credentials.values()) {
      expect(() => unseal(nodeKey.storageKey, sealedSeed, `user ${user}`)).toThrow();
    }
  });

  claim("undo or hide a revocation, of itself or of others, by changing the shared document", async () => {
    const revoked = revokedBefore.node;
    const member = revokedBefore.trust.envelopes([`member/${revoked}`]);
    expect(member).toHaveLength(1);
    const key = `revocation/${revoked}`;
    const records = rogue.documents.mesh.collection(trustCollection);
    expect(records.get(key)).toBeDefined();
    await records.delete(key);
    const undone = { kind: "revocation", node: revoked, memberVersion: 1, reason: "", by: adminId } as const;
    const again = { admittedBy: { kind: "authority", user: adminId }, boxKey: toBase64Url(randomBytes(32)) };
    await tell([
      ...member,
      ...forgeries(card, adminId, { kind: "member", node: revoked, ...again } as StatementDraft),
      ...forgeries(card, adminId, undone),
      // In advance, against his own: no true one may find its place taken.
      ...forgeries(card, adminId, { ...undone, node: card.node }),
    ]);
    expect(await isLetIn(cleanup, card, rogue.victims, revokedBefore.privateKey)).toBe(false);
    for (const peer of [first, second]) {
      expect((await peer.nodes()).map(({ id }) => id)).not.toContain(revoked);
    }
    // Whoever knows better puts the truth back into the document, for those who were away.
    const truth = card.trust.envelopes([key])[0];
    await waitFor("it is put back", () => records.get(key)?.statement === truth?.statement, {
      withinMs: 20_000,
    });
  });

  claim("take part after it was revoked, with its old documents, however long after", async () => {
    const copy = copyCard(cleanup, victim);
    const revokedAtMs = performance.now();
    await revoke(first, card.node);
    await waitFor("he is cut", () => rogue.stranger.network.status().connections.length === 0, {
      withinMs: 5_000,
    });
    expect(performance.now() - revokedAtMs).toBeLessThan(5_000);
    expect(await rogue.connect()).not.toContain("connected");
    expect(await isLetIn(cleanup, card, rogue.victims, card.privateKey)).toBe(false);
    for (const { node } of rogue.victims) {
      const ask = rogue.stranger.network.request(node, "documents.sync", new Uint8Array(), {
        timeoutMs: 2_000,
      });
      await expect(ask).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    // The same card in an honest peer, a month later; where libfaketime is missing, now.
    const ghost = cleanup.peer(
      await PeerProcess.start({
        name: "pi-s",
        dataDirectory: copy,
        access: first.access,
        env: atTime("+31d"),
        flags: ["--no-mdns", "--join", first.meshAddress, "--join", second.meshAddress],
      }),
    );
    const headers = await logIn(ghost, first.access);
    const written = json("POST", { address: "127.1.0.7", name: "from-the-grave" });
    const wrote = await ghost.request("/api/v1/nodes", {
      ...written,
      headers: { ...written.headers, ...headers },
    });
    expect(wrote.status).toBe(201);
    const heard = await first.send("POST", "/api/v1/nodes", {
      address: "127.1.0.8",
      name: "among-the-living",
    });
    expect(heard.status).toBe(201);
    await waitFor("the others go on", async () => (await second.stateOf("among-the-living")) !== undefined, {
      withinMs: 10_000,
    });
    // It has tried, and was turned away.
    await waitFor("both were asked", () => ghost.log.split("does not let this one in").length > 2, {
      withinMs: 15_000,
    });
    for (const peer of [first, second]) {
      const nodes = await peer.nodes();
      expect(nodes.map(({ name }) => name)).not.toContain("from-the-grave");
      expect(nodes.map(({ id }) => id)).not.toContain(card.node);
    }
    const seen = await ghost.request("/api/v1/nodes", { headers });
    expect(seen.status).toBe(200);
    expect(JSON.stringify(seen.body)).not.toContain("among-the-living");
  });
});

describe("SECURITY.md", () => {
  it("has each claim of what cannot be done shown here, once", () => {
    const claims = claimsOfSecurity();
    expect(claims.length).toBeGreaterThanOrEqual(8);
    expect([...named].sort()).toEqual([...claims].sort());
  });
});
