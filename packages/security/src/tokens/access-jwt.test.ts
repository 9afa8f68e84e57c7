import type { MeshError } from "@pi-controller/schema";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { privateKeyOfSeed, signWith } from "../crypto/ed25519.ts";
import { signingKey } from "../crypto/signing-keys.ts";
import { testNode, testSeed } from "../crypto/testing.ts";
import { parseApiToken } from "../crypto/tokens.ts";
import { acting, addAdmin, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import { resetUser } from "../trust/building/users.ts";
import type { StatementOf } from "../trust/statements.ts";
import { TEST_PASSWORD, type TestMesh, testCost, testMesh } from "../trust/testing.ts";
import { makeJwt, verifyJwt } from "./access-jwt.ts";
import { ACCESS_TYPE, DELEGATION_TYPE, signCompact } from "./compact-jws.ts";
import { signDelegation } from "./delegation.ts";

const HOUR_MS = 3_600_000;

let mesh: TestMesh;
let here: TestLogins;
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
});
afterEach(async () => {
  await here.dispose();
  mesh.dispose();
});

async function reason(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "accepted",
    (error: unknown) => {
      expect((error as MeshError).code).toBe("UNAUTHENTICATED");
      return (error as MeshError).message;
    },
  );
}

const verify = (token: string) => verifyJwt(token, here.trust.view, here.trust.now());

async function sessionJwt(): Promise<string> {
  const { secret, principal } = await here.sessions.login(
    { userName: "ada", password: TEST_PASSWORD },
    origin(),
  );
  return (await here.sessions.jwt(acting(principal), { session: secret })).token;
}

function ada(): StatementOf<"user"> {
  const [user] = here.trust.view.users.values();
  if (user === undefined) throw new Error("expected a user");
  return user;
}

/** A member that the authority has admitted. */
async function admit(index: number) {
  const other = testNode(index);
  const boxKey = Buffer.from(other.key.box.publicKey).toString("base64url");
  const entry = {
    kind: "member",
    node: other.node,
    boxKey,
    admittedBy: { kind: "authority", user: ada().id },
  } as const;
  await mesh.trust.publish([mesh.trust.sign(entry, [mesh.authority])]);
  return other;
}

async function changeAda(fields: Partial<StatementOf<"user">>): Promise<void> {
  const { version: _, issuedAt: __, ...user } = ada();
  await mesh.trust.publish([mesh.trust.sign({ ...user, ...fields }, [mesh.authority])]);
}

/** Takes a token apart, changes claims and signs it anew. */
function forged(
  token: string,
  change: (claims: Record<string, unknown>) => void,
  key: { sign(bytes: Uint8Array): Uint8Array } = mesh.node.key,
  header: Record<string, unknown> = {},
): string {
  const [head = "", body = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  const before = JSON.parse(Buffer.from(head, "base64url").toString()) as { typ: string; kid: string };
  change(claims);
  return signCompact({ ...before, ...header }, claims, key);
}

describe("a JWT of a session", () => {
  it("is good on every node, with no word exchanged", async () => {
    const other = testNode(1);
    const there = await testLogins(mesh.another(), mesh.clock, other.key);
    const principal = await there.authenticator.authenticate({ bearer: await sessionJwt() }, origin());
    expect(principal).toMatchObject({ userName: "ada", via: "jwt", roles: ["admin"] });
    expect(principal?.credentialId).toContain(mesh.node.node);
    await there.dispose();
  });

  it("ends after five minutes, and one in which another clock may be behind", async () => {
    const token = await sessionJwt();
    const find = (bearer: string) => here.authenticator.authenticate({ bearer }, origin());
    const found = await find(token);
    if (found === undefined) throw new Error("expected a principal");
    await mesh.clock.advance(5 * 60_000 + 30_000);
    expect(here.authenticator.stillValid(found)).toBe(true);
    expect(await verify(token)).toMatchObject({ userId: ada().id });
    expect(await find(token)).toEqual(found);
    await mesh.clock.advance(30_000);
    expect(await reason(verify(token))).toContain("expired");
    expect(await reason(find(token))).toContain("expired");
    expect(here.authenticator.stillValid(found)).toBe(false);
  });

  it("dies with the node that made it", async () => {
    const other = await admit(1);
    const there = await testLogins(mesh.trust, mesh.clock, other.key);
    const login = await there.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
    const { token } = await there.sessions.jwt(acting(login.principal), { session: login.secret });
    const found = await here.authenticator.authenticate({ bearer: token }, origin());
    if (found === undefined) throw new Error("expected a principal");
    expect(here.authenticator.stillValid(found)).toBe(true);
    const revocation = {
      kind: "revocation",
      node: other.node,
      memberVersion: 1,
      reason: "stolen",
      by: ada().id,
    } as const;
    await mesh.trust.publish([mesh.trust.sign(revocation, [mesh.authority])]);
    expect(await reason(verify(token))).toContain("no member");
    // What was verified before does not count any more.
    expect(await reason(here.authenticator.authenticate({ bearer: token }, origin()))).toContain("no member");
    expect(here.authenticator.stillValid(found)).toBe(false);
    await there.dispose();
  });

  it("cannot be made by a node for a user who never logged in on it", async () => {
    const thief = await admit(1);
    const token = await sessionJwt();
    const thiefs = { kid: thief.node };
    // His node's name over the delegation to another one.
    const renamed = forged(token, (claims) => void (claims["node"] = thief.node), thief.key, thiefs);
    expect(await reason(verify(renamed))).toContain("has not logged in on the node");
    // The other node's name under his own signature.
    expect(await reason(verify(forged(token, () => undefined, thief.key, thiefs)))).toContain("another node");
    expect(await reason(verify(forged(token, () => undefined, thief.key)))).toContain("signature");
    // A delegation that he signs himself.
    const exp = Math.floor(here.trust.now() / 1_000) + 3_600;
    const { id: sub, version: userVersion } = ada();
    const iss = mesh.trust.view.meshId;
    const delegation = signDelegation(
      { iss, sub, node: thief.node, userVersion, credentialVersion: 1, exp },
      thief.key,
    );
    const own = forged(
      token,
      (claims) => Object.assign(claims, { node: thief.node, del: delegation }),
      thief.key,
      thiefs,
    );
    expect(await reason(verify(own))).toContain("signature");
  });

  it("is good no longer than the user has allowed the node to speak for him", async () => {
    const token = await sessionJwt();
    const key = await here.keyring.unlockUser({ id: ada().id }, TEST_PASSWORD);
    const nowSeconds = Math.floor(here.trust.now() / 1_000);
    const delegation = (exp: number) =>
      signDelegation(
        {
          iss: mesh.trust.view.meshId,
          sub: ada().id,
          node: mesh.node.node,
          userVersion: 1,
          credentialVersion: 1,
          exp,
        },
        key,
      );
    const withDelegation = (exp: number) => forged(token, (claims) => void (claims["del"] = delegation(exp)));
    expect((await verify(withDelegation(nowSeconds + 10))).expiresAtMs).toBe((nowSeconds + 10) * 1_000);
    expect(await reason(verify(withDelegation(nowSeconds)))).toContain("expired");
  });

  it("can be made no more once the delegation has expired, as after a login with a wrong clock", async () => {
    const { secret, principal } = await here.sessions.login(
      { userName: "ada", password: TEST_PASSWORD },
      origin(),
    );
    mesh.clock.jumpTo(mesh.clock.now() + 365 * 24 * HOUR_MS);
    const error = await here.sessions.jwt(acting(principal), { session: secret }).catch((failure) => failure);
    expect(error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(error.message).toContain("log in again");
  });

  it("dies with a reset of the password", async () => {
    const token = await sessionJwt();
    const { envelopes } = await resetUser(
      { signer: mesh.trust, hasher: mesh.hasher },
      ada(),
      "a forgotten password",
      mesh.authority,
      testCost,
    );
    await mesh.trust.publish(envelopes);
    expect(await reason(verify(token))).toContain("signature");
    expect(here.store.list()).toEqual([]);
  });

  it("dies with a change of the password", async () => {
    const { principal } = await here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
    const token = await sessionJwt();
    const change = { password: TEST_PASSWORD, newPassword: "another long password" };
    await here.sessions.changePassword(change, acting(principal));
    expect(await reason(verify(token))).toContain("log in again");
  });

  it("dies when the user is disabled, and stays dead when he is enabled again", async () => {
    await addAdmin(mesh);
    const token = await sessionJwt();
    await changeAda({ disabled: true, sessionsSince: 2 });
    expect(await reason(verify(token))).toContain("disabled");
    await changeAda({ disabled: false });
    expect(await reason(verify(token))).toContain("log in again");
  });

  it("outlives a change of roles, with the new ones", async () => {
    await addAdmin(mesh);
    const token = await sessionJwt();
    const before = await here.authenticator.authenticate({ bearer: token }, origin());
    await changeAda({ roles: ["monitor"] });
    const after = await here.authenticator.authenticate({ bearer: token }, origin());
    expect(after?.roles).toEqual(["monitor"]);
    if (before === undefined || after === undefined) throw new Error("expected principals");
    // A stream that was opened with the old ones ends.
    expect(here.authenticator.stillValid(before)).toBe(false);
    expect(here.authenticator.stillValid(after)).toBe(true);
  });
});

describe("verifyJwt", () => {
  it("takes what jose makes, and nothing else than EdDSA", async () => {
    const token = await sessionJwt();
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const sign = (alg: string, key: Parameters<SignJWT["sign"]>[0]) =>
      new SignJWT(claims).setProtectedHeader({ alg, typ: ACCESS_TYPE, kid: mesh.node.node }).sign(key);
    const seed = mesh.node.privateKey.raw.subarray(0, 32);
    expect(await verify(await sign("EdDSA", privateKeyOfSeed(seed)))).toMatchObject({ userId: ada().id });
    expect(await reason(verify(await sign("HS256", testSeed("secret"))))).toContain("algorithm");
    expect(await reason(verify(await sign("Ed25519", privateKeyOfSeed(seed))))).toContain("algorithm");
    const [, body = ""] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: ACCESS_TYPE, kid: mesh.node.node }));
    expect(await reason(verify(`${none.toString("base64url")}.${body}.`))).not.toBe("accepted");
  });

  it.each(["sub", "iss", "iat", "exp", "jti", "node", "via", "cred", "del"])(
    "refuses a token without %s",
    async (claim) => {
      const token = forged(await sessionJwt(), (claims) => Reflect.deleteProperty(claims, claim));
      expect(await reason(verify(token))).toMatch(/not right|cannot be read|expired/);
    },
  );

  it("refuses a token of another mesh", async () => {
    const token = forged(await sessionJwt(), (claims) => void (claims["iss"] = "0".repeat(32)));
    expect(await reason(verify(token))).toContain('"iss"');
  });

  it("refuses one that is meant to live longer than a node may give", async () => {
    const token = forged(await sessionJwt(), (claims) => void (claims["exp"] = Number(claims["exp"]) + 60));
    expect(await reason(verify(token))).toContain("too long");
  });

  it("takes no delegation for a token, nor a token for a delegation", async () => {
    const token = await sessionJwt();
    const asDelegation = forged(token, () => undefined, mesh.node.key, { typ: DELEGATION_TYPE });
    expect(await reason(verify(asDelegation))).toContain('"typ"');
    const nested = forged(token, (claims) => void (claims["del"] = token));
    expect(await reason(verify(nested))).not.toBe("accepted");
  });

  it.each(["", "a", "a.b.c", "....", "pic_", "x".repeat(100_000), "é.è.ê"])("refuses %j", async (text) => {
    expect(await reason(verify(text))).not.toBe("accepted");
  });

  it("refuses a token with any one character changed", async () => {
    const token = await sessionJwt();
    const seed = 7;
    let state = seed;
    for (let count = 0; count < 150; count++) {
      state = (state * 48_271) % 2_147_483_647;
      // Not the last one: it has four bits that mean nothing (RFC 4648 section 3.5).
      const at = state % (token.length - 1);
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(await reason(verify(changed)), `at ${at}, seed ${seed}`).not.toBe("accepted");
    }
  });
});

describe("a JWT of an API token", () => {
  async function tokens(expiresInDays = 1) {
    const { principal } = await here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
    const scope = [{ verbs: ["get" as const], resources: ["nodes" as const] }];
    const made = await here.apiTokens.create(
      { name: "script", scope, expiresInDays, password: TEST_PASSWORD },
      acting(principal),
    );
    const owner = await here.authenticator.authenticate({ bearer: made.token }, origin());
    if (owner === undefined) throw new Error("expected a principal");
    const jwt = await here.sessions.jwt(acting(owner), { bearer: made.token });
    return { ...made, jwt: jwt.token, principal, owner };
  }

  it("has the scope of the token, on every node", async () => {
    const { jwt } = await tokens();
    const there = await testLogins(mesh.another(), mesh.clock, testNode(1).key);
    const principal = await there.authenticator.authenticate({ bearer: jwt }, origin());
    expect(principal).toMatchObject({ via: "jwt", rules: [{ verbs: ["get"], resources: ["nodes"] }] });
    await there.dispose();
  });

  it("dies when the token is revoked", async () => {
    const { id, jwt, principal, owner } = await tokens();
    expect(here.authenticator.stillValid(owner)).toBe(true);
    await here.apiTokens.revoke(id, { password: TEST_PASSWORD }, acting(principal));
    expect(await reason(verify(jwt))).not.toBe("accepted");
    expect(here.authenticator.stillValid(owner)).toBe(false);
  });

  it("lives no longer than the token", async () => {
    const { owner, token, expiresAt } = await tokens();
    mesh.clock.jumpTo(Date.parse(expiresAt) - 60_000);
    const jwt = await here.sessions.jwt(acting(owner), { bearer: token });
    expect(Date.parse(jwt.expiresAt)).toBeLessThanOrEqual(Date.parse(expiresAt));
  });

  it("cannot name another token or user than the one that signed it", async () => {
    const { jwt, token } = await tokens();
    const other = await tokens();
    const seed = parseApiToken(token)?.seed ?? new Uint8Array();
    const key = { sign: (bytes: Uint8Array) => signWith(privateKeyOfSeed(seed), bytes) };
    const asOther = forged(jwt, (claims) => void (claims["cred"] = other.id), key);
    expect(await reason(verify(asOther))).toContain("another API token");
    const asUser = forged(jwt, (claims) => void (claims["sub"] = "user-0000000000000000"), key);
    expect(await reason(verify(asUser))).toContain("another API token");
    // Nor be made into one of a session.
    const asSession = forged(jwt, (claims) => Object.assign(claims, { via: "session", del: "x" }), key);
    expect(await reason(verify(asSession))).toContain("another node");
  });
});

describe("makeJwt", () => {
  it("cannot be signed by whoever holds no key that the mesh knows", async () => {
    const stranger = signingKey({ kind: "node", node: testNode(9).node }, testSeed("stranger"));
    const { token } = makeJwt(
      { via: "session", userId: ada().id, sessionId: "x", delegation: "x", nodeKey: stranger },
      {
        meshId: mesh.trust.view.meshId,
        node: testNode(9).node,
        nowMs: here.trust.now(),
        endsAtMs: Number.MAX_SAFE_INTEGER,
      },
    );
    expect(await reason(verify(token))).toContain("no member");
  });
});
