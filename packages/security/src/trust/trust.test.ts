import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomInteger, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { toBase64Url } from "../crypto/encoding.ts";
import { signingKey } from "../crypto/signing-keys.ts";
import { testNode, testSeed } from "../crypto/testing.ts";
import { defaultSetLimits, type SetLimits } from "./set-limits.ts";
import { signStatement } from "./signed-statement.ts";
import type { Envelope, StatementOf } from "./statements.ts";
import { TEST_BUILD_MS, TEST_START_MS, type TestMesh, temporaryDirectory, testMesh } from "./testing.ts";
import { Trust } from "./trust.ts";
import type { StatementDraft } from "./trust-port.ts";
import { TrustStore } from "./trust-store.ts";
import { MAX_AHEAD_MS } from "./trusted-time.ts";

const DAY_MS = 86_400_000;
let mesh: TestMesh;
const directories: string[] = [];
afterEach(() => {
  mesh.dispose();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function directory(): string {
  const path = temporaryDirectory();
  directories.push(path);
  return path;
}

function memberOf(index: number | string, changes: Partial<StatementOf<"member">> = {}): StatementDraft {
  const { node, key } = testNode(index);
  const admittedBy = { kind: "authority", user: mesh.authority.user.user.id } as const;
  return { kind: "member", node, boxKey: toBase64Url(key.box.publicKey), admittedBy, ...changes };
}

function joinToken(expiresAtMs: number, id = "t0ken00000000001"): StatementDraft {
  return {
    kind: "join-token",
    id,
    publicKey: toBase64Url(testSeed("key")),
    label: "",
    createdAt: new Date(TEST_START_MS).toISOString(),
    createdBy: mesh.authority.user.user.id,
    expiresAt: new Date(expiresAtMs).toISOString(),
    uses: 1,
    revoked: false,
  };
}

/** @param padding for its scope, to make it long */
function apiToken(index: number, padding: string): StatementOf<"api-token"> {
  const names = Array.from({ length: Math.ceil(padding.length / 250) }, (_, place) =>
    padding.slice(place * 250, (place + 1) * 250),
  );
  const perRule = 64;
  const scope = Array.from({ length: Math.ceil(names.length / perRule) }, (_, place) => ({
    verbs: ["*" as const],
    resources: ["*" as const],
    names: names.slice(place * perRule, (place + 1) * perRule),
  }));
  return {
    kind: "api-token",
    version: 1,
    issuedAt: new Date(TEST_START_MS).toISOString(),
    id: `t${index}`.padEnd(16, "0"),
    user: mesh.authority.user.user.id,
    name: "token",
    publicKey: toBase64Url(testSeed(`token ${index}`)),
    scope,
    createdAt: new Date(TEST_START_MS).toISOString(),
    expiresAt: new Date(TEST_START_MS + DAY_MS).toISOString(),
    node: testNode(0).node,
    revoked: false,
  };
}

describe("Trust", () => {
  it("tells of what is new, and is quiet about what it knows", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const views: number[] = [];
    trust.observe((view) => views.push(view.members.size));
    const entry = trust.sign(memberOf(1), [authority]);
    expect(await trust.merge([entry])).toEqual({ accepted: [`member/${testNode(1).node}`], rejected: [] });
    expect(await trust.merge([entry])).toEqual({ accepted: [], rejected: [] });
    expect(await trust.merge(mesh.founded.envelopes)).toEqual({ accepted: [], rejected: [] });
    expect(views).toEqual([2]);
  });

  it("never goes back to an older version", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const older = trust.sign(memberOf(1), [authority]);
    const newer = trust.sign(memberOf(1, { version: 2 }), [authority]);
    await trust.merge([newer]);
    expect(await trust.merge([older])).toMatchObject({
      accepted: [],
      rejected: [{ reason: "another one stands in its place" }],
    });
    expect(trust.view.members.get(testNode(1).node)?.version).toBe(2);
    expect(trust.nextVersion(`member/${testNode(1).node}`)).toBe(3);
  });

  it("publishes all or nothing, and says what is wrong", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const good = trust.sign(memberOf(1), [authority]);
    const bad = trust.sign(memberOf(2), [signingKey({ kind: "authority" }, testSeed("other"))]);
    const key = `member/${testNode(2).node}`;
    await expect(trust.publish([good, bad])).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${key} cannot be stated: the authority has not signed it`,
    });
    expect(trust.view.members.size).toBe(1);
    await trust.publish([good]);
    const older = trust.sign(memberOf(1, { version: 1 }), [authority]);
    await trust.publish([trust.sign(memberOf(1), [authority])]);
    await expect(trust.publish([older])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("holds a bounded number of statements, and takes new versions of what it holds all the same", async () => {
    mesh = await testMesh();
    const { authority } = mesh;
    const store = TrustStore.create(directory(), mesh.founded.meshId, mesh.founded.envelopes);
    const limits = { ...defaultSetLimits, maxStatements: mesh.founded.envelopes.length + 1 };
    const trust = Trust.load(
      { store, clock: mesh.clock, logger: silentLogger },
      { buildDateMs: TEST_BUILD_MS, limits },
    );
    const entries = [1, 2].map((index) => trust.sign(memberOf(index), [authority]));
    expect((await trust.merge(entries)).rejected).toMatchObject([
      { reason: "there are too many statements" },
    ]);
    const newer = trust.sign(memberOf(1), [authority]);
    expect((await trust.merge([newer])).accepted).toHaveLength(1);
    trust.close();
  });

  function limited(limits: Partial<SetLimits>): Trust {
    const store = TrustStore.create(directory(), mesh.founded.meshId, mesh.founded.envelopes);
    return Trust.load(
      { store, clock: mesh.clock, logger: silentLogger },
      { buildDateMs: TEST_BUILD_MS, limits: { ...defaultSetLimits, ...limits } },
    );
  }

  it("gives what nobody entitled has signed no room", async () => {
    mesh = await testMesh();
    const trust = limited({ maxStatements: mesh.founded.envelopes.length + 1 });
    const forger = signingKey({ kind: "authority" }, testSeed("forger"));
    const forged = [1, 2, 3].map((index) => trust.sign(memberOf(index), [forger]));
    const entry = trust.sign(memberOf(4), [mesh.authority]);
    expect((await trust.merge([...forged, entry])).accepted).toEqual([`member/${testNode(4).node}`]);
    trust.close();
  });

  it("has room for what the authority says, however much users sign", async () => {
    mesh = await testMesh();
    const { authority } = mesh;
    const trust = limited({ maxBytes: 100_000 });
    const tokens = Array.from({ length: 40 }, (_, index) => apiToken(index, "x".repeat(2_000)));
    const taken = await trust.merge(tokens.map((token) => signStatement(token, [authority.user])));
    expect(taken.accepted.length).toBeGreaterThan(10);
    expect(taken.rejected).toContainEqual(expect.objectContaining({ reason: "the statements are too long" }));
    // Nor as versions of what is held already.
    const padded = apiToken(0, "x".repeat(50_000));
    const longer = { ...padded, version: 2 };
    expect((await trust.merge([signStatement(longer, [authority.user])])).accepted).toEqual([]);
    const entry = trust.sign(memberOf(1), [authority]);
    expect((await trust.merge([entry])).accepted).toHaveLength(1);
    trust.close();
  });

  it("takes no more tokens of one user than so many bytes", async () => {
    mesh = await testMesh();
    const { authority } = mesh;
    const trust = limited({ maxTokenBytesOfUser: 10_000 });
    const tokens = [1, 2, 3].map((index) => apiToken(index, "x".repeat(4_000)));
    const taken = await trust.merge(tokens.map((token) => signStatement(token, [authority.user])));
    expect(taken.accepted).toHaveLength(2);
    trust.close();
  });

  it("takes no changed envelope for what was signed", async () => {
    mesh = await testMesh();
    const { trust } = mesh;
    const other = mesh.another();
    const envelopes = mesh.founded.envelopes;
    const genuine = new Set(envelopes.map(({ statement }) => statement));
    const seed = 20_260_601;
    const random = seededRandom(seed);
    const next = () => randomInteger(random, 2 ** 31);
    let understood = 0;
    for (let round = 0; round < 5_000; round++) {
      const envelope = envelopes[round % envelopes.length] as Envelope;
      const [signature] = envelope.signatures;
      if (signature === undefined) throw new Error("no signature");
      const mutated = [
        () => parseOrNull(mutate(JSON.stringify(envelope), next)),
        () => ({ ...envelope, statement: mutate(envelope.statement, next) }),
        () => ({
          ...envelope,
          statement: envelope.statement.replace(/[0-9]/g, (d) => (next() % 9 ? d : "7")),
        }),
        () => ({ ...envelope, signatures: [{ ...signature, value: mutate(signature.value, next) }] }),
        () => ({ ...envelope, signatures: [...envelope.signatures, signature] }),
      ][next() % 5]?.();
      const { accepted, rejected } = await other.merge([mutated as Envelope]);
      expect(accepted, `seed ${seed}, round ${round}`).toEqual([]);
      if (rejected.some(({ key }) => key !== undefined)) understood++;
    }
    expect(understood).toBeGreaterThan(1_000);
    for (const { envelope } of other.statements()) {
      expect(genuine.has(envelope.statement), `seed ${seed}`).toBe(true);
    }
    expect(other.hash, `seed ${seed}`).toBe(trust.hash);
  }, 60_000);

  it("takes one statement among a thousand members within 5 ms", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const drafts = Array.from({ length: 1_000 }, (_, index) => memberOf(`many ${index}`));
    await trust.merge(drafts.map((draft) => trust.sign(draft, [authority])));
    expect(trust.view.members.size).toBe(1_001);
    const times: number[] = [];
    for (let index = 0; index < 15; index++) {
      const entry = trust.sign(memberOf(`late ${index}`), [authority]);
      const startedMs = performance.now();
      await trust.merge([entry]);
      times.push(performance.now() - startedMs);
    }
    // The middle one: the disk and other programs have their moments. Roomy, for machines that are busy.
    expect(times.sort((a, b) => a - b)[7]).toBeLessThan(25);
  }, 60_000);
});

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** One to three small changes somewhere in a text: a bit, a character more, one less, a part twice, the end missing. */
function mutate(text: string, next: () => number): string {
  let bytes = Buffer.from(text);
  for (let change = 0; change <= next() % 3; change++) {
    const at = next() % bytes.length;
    switch (next() % 5) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (next() % 7));
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([32 + (next() % 90)]), bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 8))]);
        break;
      default:
        if (next() % 10 === 0) bytes = bytes.subarray(0, at + 1);
    }
  }
  return bytes.toString("utf8");
}

describe("the time that trust goes by", () => {
  const load = (clock: VirtualClock, envelopes = mesh.trust.envelopes(), path = directory()) => {
    const store = TrustStore.open(path) ?? TrustStore.create(path, mesh.founded.meshId, envelopes);
    return Trust.load({ store, clock, logger: silentLogger }, { buildDateMs: TEST_BUILD_MS });
  };

  it("is never before what the authority has signed, and says so when the clock is", async () => {
    mesh = await testMesh();
    const trust = load(new VirtualClock(0));
    expect(trust.now()).toBe(TEST_START_MS);
    expect(trust.clockStatus()).toEqual({ behindByMs: TEST_START_MS });
    trust.close();
  });

  it("is never before the time that was last seen", async () => {
    mesh = await testMesh();
    const path = directory();
    const before = load(new VirtualClock(TEST_START_MS + DAY_MS), undefined, path);
    before.rememberTime();
    before.close();
    const after = load(new VirtualClock(0), undefined, path);
    expect(after.now()).toBe(TEST_START_MS + DAY_MS);
    after.close();
  });

  it("goes on at half its speed while the clock is behind, and never back", async () => {
    mesh = await testMesh();
    const clock = new VirtualClock(0);
    const trust = load(clock);
    expect(trust.now()).toBe(TEST_START_MS);
    await clock.advance(DAY_MS);
    expect(trust.now()).toBe(TEST_START_MS + DAY_MS / 2);
    const issuedAt = new Date(TEST_START_MS + 1_000).toISOString();
    await trust.merge([trust.sign(memberOf(1, { issuedAt }), [mesh.authority])]);
    expect(trust.now()).toBe(TEST_START_MS + DAY_MS / 2);
    trust.close();
  });

  it("is the clock's when that is right", async () => {
    mesh = await testMesh();
    const trust = load(new VirtualClock(TEST_START_MS + DAY_MS));
    expect(trust.now()).toBe(TEST_START_MS + DAY_MS);
    expect(trust.clockStatus()).toBeNull();
    trust.close();
  });

  it("is not moved by what others than the authority date ahead, nor by the authority beyond five years", async () => {
    mesh = await testMesh();
    const { trust, authority, node } = mesh;
    const ahead = new Date(TEST_START_MS + 300 * DAY_MS).toISOString();
    const request: StatementDraft = {
      kind: "certificate-request",
      node: node.node,
      request: "x",
      dnsNames: [],
      ipAddresses: [],
      issuedAt: ahead,
    };
    const ofNode = trust.sign(request, [node.key]);
    expect((await trust.merge([ofNode])).accepted).toHaveLength(1);
    expect(trust.now()).toBe(TEST_START_MS);
    const far = new Date(TEST_BUILD_MS + MAX_AHEAD_MS + DAY_MS).toISOString();
    await trust.merge([trust.sign(memberOf(1, { issuedAt: far }), [authority])]);
    expect(trust.now()).toBe(TEST_START_MS);
    await trust.merge([trust.sign(memberOf(2, { issuedAt: ahead }), [authority])]);
    expect(trust.now()).toBe(TEST_START_MS + 300 * DAY_MS);
  });
});

describe("what expired", () => {
  it("is kept for thirty days, then forgotten and not taken again", async () => {
    mesh = await testMesh();
    const { trust, authority, clock } = mesh;
    const token = trust.sign(joinToken(TEST_START_MS + DAY_MS), [authority]);
    await trust.merge([token]);
    clock.jumpTo(TEST_START_MS + 30 * DAY_MS);
    trust.tidy();
    expect(trust.view.joinTokens.size).toBe(1);
    clock.jumpTo(TEST_START_MS + 32 * DAY_MS);
    trust.tidy();
    expect(trust.view.joinTokens.size).toBe(0);
    expect((await trust.merge([token])).rejected).toMatchObject([{ reason: "it expired long ago" }]);
  });

  it("is kept when it is a join token by which somebody is a member", async () => {
    mesh = await testMesh();
    const { trust, authority, clock } = mesh;
    const by = { kind: "authority", user: authority.user.user.id, token: "t0ken00000000001" } as const;
    const member = memberOf(1, { admittedBy: by });
    await trust.merge([
      trust.sign(joinToken(TEST_START_MS + DAY_MS), [authority]),
      trust.sign(member, [authority]),
    ]);
    clock.jumpTo(TEST_START_MS + 400 * DAY_MS);
    trust.tidy();
    expect(trust.view.usesOf("t0ken00000000001")).toBe(1);
    expect(trust.view.joinTokens.size).toBe(1);
  });
});

describe("the store", () => {
  it("holds what was taken in, for the next start, and can be read by its owner alone", async () => {
    mesh = await testMesh();
    const path = directory();
    expect(TrustStore.open(path)).toBeUndefined();
    const store = TrustStore.create(path, mesh.founded.meshId, mesh.founded.envelopes);
    const options = { buildDateMs: TEST_BUILD_MS };
    const trust = Trust.load({ store, clock: mesh.clock, logger: silentLogger }, options);
    await trust.merge([trust.sign(memberOf(1), [mesh.authority])]);
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o077).toBe(0);
    trust.close();
    const again = TrustStore.open(path);
    if (again === undefined) throw new Error("nothing there");
    const after = Trust.load({ store: again, clock: mesh.clock, logger: silentLogger }, options);
    expect(after.hash).toBe(trust.hash);
    expect(after.view.members.size).toBe(2);
    after.close();
  });

  it("is no unclaimed node's when it is damaged, open elsewhere, or lacks what the mesh was founded with", async () => {
    mesh = await testMesh();
    const path = directory();
    const store = TrustStore.create(path, mesh.founded.meshId, mesh.founded.envelopes);
    expect(() => TrustStore.open(path)).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
    expect(() => TrustStore.create(path, mesh.founded.meshId, [])).toThrow(
      expect.objectContaining({ code: "ALREADY_EXISTS" }),
    );
    store.change([], ["genesis"]);
    const load = (from: TrustStore) =>
      Trust.load({ store: from, clock: mesh.clock, logger: silentLogger }, { buildDateMs: TEST_BUILD_MS });
    expect(() => load(store)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    store.close();
    writeFileSync(
      join(path, "trust.db"),
      "this is no database, and it is long enough to be looked at as one",
    );
    for (const suffix of ["-wal", "-shm"]) rmSync(join(path, `trust.db${suffix}`), { force: true });
    expect(() => TrustStore.open(path)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    writeFileSync(join(path, "trust.db"), "");
    expect(() => TrustStore.open(path)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    TrustStore.remove(path);
    expect(TrustStore.open(path)).toBeUndefined();
  });

  it("leaves no half-made mesh behind when it cannot be written", async () => {
    mesh = await testMesh();
    const path = directory();
    expect(() =>
      TrustStore.create(path, mesh.founded.meshId, [{ statement: "{", signatures: [] }]),
    ).toThrow();
    expect(existsSync(join(path, "trust.db"))).toBe(false);
    TrustStore.create(path, mesh.founded.meshId, mesh.founded.envelopes).close();
  });

  it("leaves out what is damaged in itself", async () => {
    mesh = await testMesh();
    const path = directory();
    const entry = mesh.trust.sign(memberOf(1), [mesh.authority]);
    const forged = { ...entry, statement: entry.statement.replace('"version":1', '"version":2') };
    const store = TrustStore.create(path, mesh.founded.meshId, [...mesh.founded.envelopes, forged]);
    const trust = Trust.load(
      { store, clock: mesh.clock, logger: silentLogger },
      { buildDateMs: TEST_BUILD_MS },
    );
    expect(trust.view.members.size).toBe(1);
    trust.close();
  });
});

describe("a user who is deleted", () => {
  it("has no credential any more", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const { user } = authority.user;
    const deleted = { ...user, deleted: true, version: 2 } satisfies StatementOf<"user">;
    await trust.publish([trust.sign(deleted, [authority])]);
    expect([trust.view.users.size, trust.view.credentials.size]).toEqual([0, 0]);
  });
});
