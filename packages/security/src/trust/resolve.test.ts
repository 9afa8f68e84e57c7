import { randomInteger, seededRandom, shuffle } from "@pi-controller/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicKeyOfSeed } from "../crypto/ed25519.ts";
import { toBase64Url } from "../crypto/encoding.ts";
import { joinTokenSigningKey, signingKey } from "../crypto/signing-keys.ts";
import { type TestNode, testNode, testSeed } from "../crypto/testing.ts";
import type { UserKey } from "../keys.ts";
import { newUser } from "./building/users.ts";
import { resolve } from "./resolve.ts";
import { readEnvelope, type SignedStatement, signStatement } from "./signed-statement.ts";
import type { Envelope, Statement, StatementOf } from "./statements.ts";
import { TEST_START_MS, type TestMesh, testCost, testMesh } from "./testing.ts";
import type { SigningKey } from "./trust-port.ts";
import { viewOf } from "./view.ts";

const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(TEST_START_MS + ms).toISOString();
const joinToken = { id: "t0ken00000000001", seed: testSeed("join token") };
const BOX = { encapsulated: "A".repeat(43), sealed: "AAAA" };

let mesh: TestMesh;
let authority: SigningKey;
let ada: UserKey;
let bob: UserKey;
let bobEnvelopes: readonly Envelope[];
let base: Envelope[];
const first = testNode(0);
const second = testNode(1);
const third = testNode(2);
const stranger = signingKey({ kind: "authority" }, testSeed("somebody else"));

beforeAll(async () => {
  mesh = await testMesh(0);
  authority = mesh.authority;
  ada = mesh.authority.user;
  const components = {
    signer: { sign: (draft: never, keys: readonly SigningKey[]) => mesh.trust.sign(draft, keys) },
    hasher: mesh.hasher,
  };
  const wanted = {
    name: "bob",
    roles: [],
    oidcSubject: null,
    password: "another horse",
    createdMs: TEST_START_MS,
  };
  const built = await newUser(components, wanted, authority, testCost);
  bob = built.key;
  bobEnvelopes = built.envelopes;
  base = [...mesh.founded.envelopes, ...bobEnvelopes, sign(token(), [authority])];
});
afterAll(() => mesh.dispose());

type Fields<S> = S extends Statement
  ? Omit<S, "version" | "issuedAt"> & { version?: number; issuedAt?: string }
  : never;

function sign(fields: Fields<Statement>, keys: readonly SigningKey[]): Envelope {
  return signStatement({ version: 1, issuedAt: at(0), ...fields } as Statement, keys);
}

function token(changes: Partial<StatementOf<"join-token">> = {}): Fields<StatementOf<"join-token">> {
  return {
    kind: "join-token",
    id: joinToken.id,
    publicKey: toBase64Url(publicKeyOfSeed(joinToken.seed)),
    label: "shelf",
    createdAt: at(0),
    createdBy: ada.user.id,
    expiresAt: at(DAY_MS),
    uses: 3,
    revoked: false,
    ...changes,
  };
}

function member(
  node: TestNode,
  admittedBy: StatementOf<"member">["admittedBy"] = { kind: "authority", user: ada.user.id },
  changes: Partial<StatementOf<"member">> = {},
): Fields<StatementOf<"member">> {
  return {
    kind: "member",
    node: node.node,
    boxKey: toBase64Url(node.key.box.publicKey),
    admittedBy,
    ...changes,
  };
}

const byToken = (sponsor: TestNode) =>
  ({ kind: "join-token", token: joinToken.id, sponsor: sponsor.node }) as const;

function sponsored(
  node: TestNode,
  sponsor: TestNode,
  changes: Partial<StatementOf<"member">> = {},
): Envelope {
  return sign(member(node, byToken(sponsor), changes), [
    joinTokenSigningKey(joinToken),
    node.key,
    sponsor.key,
  ]);
}

function revocation(node: TestNode, memberVersion: number, by: string): Fields<StatementOf<"revocation">> {
  return { kind: "revocation", node: node.node, memberVersion, reason: "stolen", by };
}

function apiToken(
  user: UserKey,
  changes: Partial<StatementOf<"api-token">> = {},
): Fields<StatementOf<"api-token">> {
  return {
    kind: "api-token",
    id: "ap1t0ken00000001",
    user: user.user.id,
    name: "backup",
    publicKey: toBase64Url(publicKeyOfSeed(testSeed("api token"))),
    scope: null,
    createdAt: at(0),
    expiresAt: at(DAY_MS),
    node: first.node,
    revoked: false,
    ...changes,
  };
}

const read = (envelopes: readonly Envelope[]) => envelopes.map((envelope) => readEnvelope(envelope));
const resolved = (...more: Envelope[]) => resolve(read([...base, ...more]), mesh.founded.meshId);
const view = (...more: Envelope[]) => viewOf(resolved(...more), mesh.founded.meshId);
/** Why the last of some statements is refused; undefined when it is not. */
const refusal = (...more: Envelope[]) => {
  const signed = read([...base, ...more]);
  return resolve(signed, mesh.founded.meshId).rejected.find((r) => r.signed === signed.at(-1))?.reason;
};

describe("who may state what", () => {
  it("takes nobody's word but the authority's for what is the authority's to say", () => {
    const statements: Fields<Statement>[] = [
      { kind: "authority", version: 2, boxes: {} },
      member(second),
      revocation(first, 1, ada.user.id),
      { kind: "mesh-secret", node: first.node, epoch: 2, box: BOX },
      { kind: "certificate", node: first.node, requestVersion: 1, certificate: "x" },
      token({ version: 2 }),
      { ...bob.user, version: 2, roles: ["admin"] },
      { kind: "role", name: "viewer", description: "", rules: [], deleted: false },
      {
        kind: "client-certificate",
        fingerprint: "0".repeat(64),
        user: bob.user.id,
        name: "x",
        createdAt: at(0),
        expiresAt: at(DAY_MS),
        revoked: false,
      },
    ];
    const others = [stranger, first.key, bob, ada, joinTokenSigningKey(joinToken)];
    for (const statement of statements) {
      expect(refusal(sign(statement, [authority])), statement.kind).toBeUndefined();
      for (const key of others) expect(refusal(sign(statement, [key])), statement.kind).toMatch(/signed/);
      expect(refusal(sign(statement, [authority, first.key])), statement.kind).toMatch(/as many/);
    }
  });

  it("takes a user's word for his own credential and tokens alone", () => {
    const [, credential] = bobEnvelopes;
    if (credential === undefined) throw new Error("no credential");
    const fields = JSON.parse(credential.statement) as StatementOf<"credential">;
    const statements: Fields<Statement>[] = [{ ...fields, version: 2 }, apiToken(bob)];
    for (const statement of statements) {
      expect(refusal(sign(statement, [bob]))).toBeUndefined();
      for (const key of [authority, ada, first.key, stranger]) {
        expect(refusal(sign(statement, [key]))).toBe("the user has not signed it");
      }
    }
    const nobody = "user-0000000000000000";
    const ghost = { ...bob, signer: { kind: "user", user: nobody } } as const;
    expect(refusal(sign(apiToken(bob, { user: nobody }), [ghost]))).toBe("there is no such user");
  });

  it("lets the authority end an api token, and not make one", () => {
    const made = sign(apiToken(bob), [bob]);
    const ended = sign(apiToken(bob, { version: 2, revoked: true }), [authority]);
    expect(refusal(made, ended)).toBeUndefined();
    expect(view(made, ended).apiTokens.get("ap1t0ken00000001")?.revoked).toBe(true);
    expect(refusal(sign(apiToken(bob), [authority]))).toBe("the user has not signed it");
  });

  it("takes a node's word for its own certificate request and its own departure alone", () => {
    const request: Fields<StatementOf<"certificate-request">> = {
      kind: "certificate-request",
      node: first.node,
      request: "x",
      dnsNames: [],
      ipAddresses: [],
    };
    expect(refusal(sign(request, [first.key]))).toBeUndefined();
    expect(refusal(sign(request, [authority]))).toBe("the node has not signed it");
    expect(refusal(sign({ ...request, node: third.node }, [third.key]))).toBe("the node is no member");
    expect(refusal(sign(revocation(first, 1, first.node), [first.key]))).toBeUndefined();
    expect(refusal(sign(revocation(first, 1, first.node), [authority]))).toBe("the node has not signed it");
    const joined = sign(member(second), [authority]);
    expect(refusal(joined, sign(revocation(first, 1, second.node), [second.key]))).toMatch(/itself alone/);
    expect(refusal(sign(revocation(third, 1, third.node), [third.key]))).toBe("the node is no member");
  });

  it("takes no version from others that would leave the authority none to follow with", () => {
    const made = sign({ ...apiToken(bob), version: 2 ** 32 }, [bob]);
    expect(refusal(made)).toBeUndefined();
    const last = sign({ ...apiToken(bob), version: 2 ** 48 }, [bob]);
    expect(refusal(last)).toMatch(/too high/);
    const ofSponsor = sponsored(third, first, { version: 2 ** 48 });
    expect(refusal(ofSponsor)).toMatch(/too high/);
    expect(refusal(sign(member(third, undefined, { version: 2 ** 48 }), [authority]))).toBeUndefined();
  });

  it("is founded by the genesis that the mesh id names, and by no other", () => {
    const other = sign(
      {
        kind: "genesis",
        version: 1,
        meshName: "else",
        authority: toBase64Url(publicKeyOfSeed(testSeed("somebody else"))),
        rootCertificate: "",
      },
      [stranger],
    );
    expect(refusal(other)).toBe("it founds another mesh");
    expect(() => resolve(read([other]), mesh.founded.meshId)).toThrow("founded");
    const [genesis] = mesh.founded.envelopes;
    if (genesis === undefined) throw new Error("no genesis");
    const forged = { ...genesis, signatures: [{ ...genesis.signatures[0], value: "A".repeat(86) }] };
    expect(() => resolve(read([forged as Envelope]), mesh.founded.meshId)).toThrow("founded");
  });
});

describe("an entry made with a join token", () => {
  it("needs the token, the node and a sponsor that is a member", () => {
    const keys = [joinTokenSigningKey(joinToken), second.key, first.key];
    const statement = member(second, byToken(first));
    expect(refusal(sign(statement, keys))).toBeUndefined();
    expect(refusal(sign(statement, keys.slice(0, 2)))).toMatch(/as many/);
    const otherToken = joinTokenSigningKey({ ...joinToken, seed: testSeed("another token") });
    expect(refusal(sign(statement, [otherToken, second.key, first.key]))).toBe(
      "its join token has not signed it",
    );
    expect(refusal(sign(statement, [joinTokenSigningKey(joinToken), third.key, first.key]))).toBe(
      "the node itself has not signed it",
    );
    expect(refusal(sign(statement, [joinTokenSigningKey(joinToken), second.key, third.key]))).toBe(
      "its sponsor has not signed it",
    );
    expect(refusal(sponsored(second, third))).toBe("its sponsor is no member");
    expect(refusal(sponsored(second, second))).toBe("no node sponsors itself");
    const unknown = { kind: "join-token", token: "0000000000000000", sponsor: first.node } as const;
    expect(refusal(sign(member(second, unknown), keys))).toBe("its join token is not known");
  });

  it("counts as a use of the token, also when the authority has signed it anew", () => {
    expect(view(sponsored(second, first)).usesOf(joinToken.id)).toBe(1);
    const anew = sign(
      member(second, { kind: "authority", user: ada.user.id, token: joinToken.id }, { version: 2 }),
      [authority],
    );
    expect(view(sponsored(second, first), anew).usesOf(joinToken.id)).toBe(1);
  });

  it("is refused when it was made after the token expired or was revoked, give or take ten minutes", () => {
    expect(refusal(sponsored(second, first, { issuedAt: at(DAY_MS + 9 * 60_000) }))).toBeUndefined();
    expect(refusal(sponsored(second, first, { issuedAt: at(DAY_MS + 11 * 60_000) }))).toBe(
      "its join token had expired",
    );
    const revoked = sign(token({ version: 2, revoked: true, issuedAt: at(3_600_000) }), [authority]);
    expect(refusal(revoked, sponsored(second, first, { issuedAt: at(3_599_000) }))).toBeUndefined();
    expect(refusal(revoked, sponsored(second, first, { issuedAt: at(5_000_000) }))).toBe(
      "its join token had been revoked",
    );
  });

  it("may be sponsored by who was sponsored; two that sponsor each other are nobody", () => {
    const chain = view(sponsored(third, second), sponsored(second, first));
    expect([...chain.members.keys()].sort()).toEqual([first.node, second.node, third.node].sort());
    const circle = view(sponsored(third, second), sponsored(second, third));
    expect([...circle.members.keys()]).toEqual([first.node]);
  });

  it("falls with a sponsor that the authority revokes, unless the authority has signed it anew", () => {
    const revoked = sign(revocation(second, 1, ada.user.id), [authority]);
    const chain = [sign(member(second), [authority]), sponsored(third, second)];
    expect(view(...chain).members.has(third.node)).toBe(true);
    expect(view(...chain, revoked).members.has(third.node)).toBe(false);
    const anew = sign(
      member(third, { kind: "authority", user: ada.user.id, token: joinToken.id }, { version: 2 }),
      [authority],
    );
    expect(view(...chain, revoked, anew).members.has(third.node)).toBe(true);
  });

  it("stands when its sponsor leaves by itself", () => {
    const chain = [sign(member(second), [authority]), sponsored(third, second)];
    const left = view(...chain, sign(revocation(second, 1, second.node), [second.key]));
    expect(left.members.has(second.node)).toBe(false);
    expect(left.members.has(third.node)).toBe(true);
  });
});

describe("a mesh secret", () => {
  const secret = (node: TestNode, epoch: number) =>
    ({ kind: "mesh-secret", node: node.node, epoch, box: BOX }) as const;

  it("may come from the sponsor of the node, of an epoch that the authority has begun", () => {
    const joined = sponsored(second, first);
    expect(refusal(joined, sign(secret(second, 1), [first.key]))).toBeUndefined();
    expect(refusal(joined, sign(secret(second, 2), [first.key]))).toBe(
      "the authority has begun no such epoch",
    );
    const begun = sign(secret(first, 2), [authority]);
    expect(refusal(joined, begun, sign(secret(second, 2), [first.key]))).toBeUndefined();
    expect(refusal(joined, sign(secret(first, 1), [second.key]))).toBe("the authority has not signed it");
    const other = sign(member(third), [authority]);
    expect(refusal(joined, other, sign(secret(second, 1), [third.key]))).toMatch(/sponsor of the node/);
    expect(refusal(other, sign(secret(third, 1), [first.key]))).toBe("the authority has not signed it");
  });

  it("of the authority stands before one of the sponsor, and a later epoch before an earlier one", () => {
    const joined = sponsored(second, first);
    const ofSponsor = sign({ ...secret(second, 1), version: 9 }, [first.key]);
    const ofAuthority = sign({ ...secret(second, 1), version: 1, box: { ...BOX, sealed: "BBBB" } }, [
      authority,
    ]);
    expect(view(joined, ofSponsor, ofAuthority).meshSecrets.get(second.node)?.box.sealed).toBe("BBBB");
    const later = sign({ ...secret(first, 2), version: 1 }, [authority]);
    expect(view(later).meshSecrets.get(first.node)?.epoch).toBe(2);
  });
});

describe("what ends", () => {
  it("a member by revocation, until it is enrolled anew; its tokens made before stay void", () => {
    const joined = sign(member(second), [authority]);
    const made = sign(apiToken(bob, { node: second.node }), [bob]);
    const revoked = sign(revocation(second, 1, ada.user.id), [authority]);
    const before = view(joined, made);
    expect([before.members.has(second.node), before.apiTokens.size]).toEqual([true, 1]);
    const after = view(joined, made, revoked);
    expect([
      after.members.has(second.node),
      after.revocations.has(second.node),
      after.apiTokens.size,
    ]).toEqual([false, true, 0]);
    const anew = view(joined, made, revoked, sign(member(second, undefined, { version: 2 }), [authority]));
    expect([anew.members.has(second.node), anew.revocations.has(second.node), anew.apiTokens.size]).toEqual([
      true,
      false,
      0,
    ]);
  });

  it("a member by its own word, which cannot hide that the authority revoked it", () => {
    const joined = sign(member(second), [authority]);
    const revoked = sign(revocation(second, 1, ada.user.id), [authority]);
    const left = sign({ ...revocation(second, 2 ** 48, second.node), version: 2 ** 48 }, [second.key]);
    expect(view(joined, left).members.has(second.node)).toBe(true);
    expect(view(joined, revoked, left).members.has(second.node)).toBe(false);
    const anew = sign(member(second, undefined, { version: 2 }), [authority]);
    expect(view(joined, revoked, left, anew).members.has(second.node)).toBe(true);
  });

  it("a member by its own word, which it cannot take back with another one", () => {
    const joined = sign(member(second), [authority]);
    const left = sign(revocation(second, 1, second.node), [second.key]);
    const takenBack = sign({ ...revocation(second, 2, second.node), version: 2 }, [second.key]);
    expect(view(joined, left, takenBack).members.has(second.node)).toBe(false);
    expect(refusal(joined, left, takenBack)).toBe("the node was never that member");
    const anew = sign(member(second, undefined, { version: 2 }), [authority]);
    expect(view(joined, left, anew).members.has(second.node)).toBe(true);
  });

  it("a revoked token and a deleted user for good, however often the other side of a partition changed them", () => {
    const ended = sign(apiToken(bob, { version: 2, revoked: true }), [bob]);
    const changed = sign(apiToken(bob, { version: 9 }), [bob]);
    expect(view(ended, changed).apiTokens.get("ap1t0ken00000001")?.revoked).toBe(true);
    const deleted = sign({ ...bob.user, version: 2, deleted: true }, [authority]);
    const promoted = sign({ ...bob.user, version: 9, roles: ["admin"] }, [authority]);
    const { users, credentials } = view(deleted, promoted);
    expect([users.has(bob.user.id), credentials.has(bob.user.id)]).toEqual([false, false]);
  });

  it("what a user's old key signed, when he is reset", () => {
    const made = sign(apiToken(bob), [bob]);
    const reset = sign(
      { ...bob.user, version: 2, signingKey: toBase64Url(publicKeyOfSeed(testSeed("new bob"))) },
      [authority],
    );
    expect(view(made).apiTokens.size).toBe(1);
    const after = view(made, reset);
    expect([after.apiTokens.size, after.credentials.has(bob.user.id)]).toEqual([0, false]);
  });
});

describe("the order in which statements come", () => {
  /** A history with everything that competes in it. */
  const history = (): Envelope[] => [
    ...base,
    sponsored(second, first),
    sponsored(third, second),
    sign(member(second, undefined, { version: 2 }), [authority]),
    sign(member(second, undefined, { version: 2, issuedAt: at(1) }), [authority]),
    sign(revocation(second, 1, ada.user.id), [authority]),
    sign(revocation(third, 1, third.node), [third.key]),
    sponsored(third, first, { version: 2 }),
    sign(token({ version: 2, revoked: true, issuedAt: at(5_000) }), [authority]),
    sign(token({ version: 3, label: "no shelf" }), [authority]),
    sign(apiToken(bob), [bob]),
    sign(apiToken(bob, { version: 2, revoked: true }), [authority]),
    sign(apiToken(bob, { version: 7 }), [bob]),
    sign({ ...bob.user, version: 2, roles: ["operator"] }, [authority]),
    sign({ ...bob.user, version: 2, roles: ["monitor"] }, [authority]),
    sign({ kind: "role", name: "viewer", description: "a", rules: [], deleted: false }, [authority]),
    sign({ kind: "role", name: "viewer", description: "a", rules: [], deleted: true }, [authority]),
    sign({ kind: "mesh-secret", node: first.node, epoch: 2, version: 2, box: BOX }, [authority]),
    sign({ kind: "mesh-secret", node: second.node, epoch: 2, box: BOX }, [first.key]),
    sign({ kind: "mesh-secret", node: third.node, epoch: 2, box: BOX }, [first.key]),
  ];
  const standing = (statements: readonly SignedStatement[]) => [
    ...resolve(statements, mesh.founded.meshId).standing.values(),
  ];
  const digests = (statements: readonly SignedStatement[]) =>
    statements.map(({ key, digest }) => `${key} ${digest}`).sort();

  it("does not matter: whatever is learned in whatever parts ends as the same", () => {
    const all = read(history());
    const expected = digests(standing(all));
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed);
      const shuffled = shuffle(random, all);
      expect(digests(standing(shuffled)), `seed ${seed}`).toEqual(expected);
      // Two peers that each know a part tell each other all they hold, until nothing changes.
      const genesis = all.slice(0, 1);
      const cut = randomInteger(random, shuffled.length);
      let one = standing([...genesis, ...shuffled.slice(0, cut)]);
      let other = standing([...genesis, ...shuffled.slice(cut)]);
      // What neither could verify by itself is still in the document.
      for (let round = 0; round < 4; round++) {
        one = standing([...one, ...other, ...shuffled]);
        other = standing([...other, ...one]);
      }
      expect(digests(one), `seed ${seed}`).toEqual(expected);
      expect(digests(other), `seed ${seed}`).toEqual(expected);
    }
  });

  it("nor does telling the same again", () => {
    const once = standing(read(history()));
    expect(digests(standing([...once, ...once, ...read(history())]))).toEqual(digests(once));
  });
});
