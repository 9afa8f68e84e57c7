import { hash } from "node:crypto";
import type { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testNode } from "../crypto/testing.ts";
import { acting, addAdmin, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import type { StatementOf } from "../trust/statements.ts";
import { TEST_PASSWORD, type TestMesh, testMesh } from "../trust/testing.ts";
import { ACCESS_TYPE, signCompact } from "./compact-jws.ts";
import { Intents } from "./intents.ts";

const DAY_MS = 86_400_000;
const digest = hash("sha256", "open the valve");

let mesh: TestMesh;
let here: TestLogins;
let intents: Intents;
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
  intents = new Intents({ trust: mesh.trust, store: here.store, nodeKey: mesh.node.key });
});
afterEach(async () => {
  await here.dispose();
  mesh.dispose();
});

const login = () => here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
const refusal = (run: Promise<unknown>) =>
  run.then(
    () => "accepted",
    (error: MeshError) => `${error.code} ${error.message}`,
  );

async function signed(validForMs = DAY_MS) {
  const { secret, principal } = await login();
  const text = await intents.sign(acting(principal), { session: secret }, digest, validForMs);
  return { text, secret, principal };
}

async function withToken() {
  const { principal } = await login();
  const scope = [{ verbs: ["update" as const], resources: ["gpio" as const] }];
  const request = { name: "script", scope, expiresInDays: 1, password: TEST_PASSWORD };
  const made = await here.apiTokens.create(request, acting(principal));
  const owner = await here.authenticator.authenticate({ bearer: made.token }, origin());
  if (owner === undefined) throw new Error("expected a principal");
  return { made, owner, principal };
}

async function changeAda(fields: Partial<StatementOf<"user">>): Promise<void> {
  const [ada] = here.trust.view.users.values();
  if (ada === undefined) throw new Error("expected a user");
  const { version: _, issuedAt: __, ...user } = ada;
  await mesh.trust.publish([mesh.trust.sign({ ...user, ...fields }, [mesh.authority])]);
}

describe("an intent", () => {
  it("says on every node who signed it, and what he may do by then", async () => {
    await addAdmin(mesh);
    const { text } = await signed();
    const there = new Intents({ trust: mesh.another(), store: here.store, nodeKey: testNode(1).key });
    expect(await there.verify(text, digest)).toMatchObject({ userName: "ada", roles: ["admin"] });
    await changeAda({ roles: ["monitor"] });
    expect((await intents.verify(text, digest)).roles).toEqual(["monitor"]);
  });

  it("is of one thing alone", async () => {
    const { text } = await signed();
    const other = hash("sha256", "close the valve");
    expect(await refusal(intents.verify(text, other))).toMatch(/^UNAUTHENTICATED .*something else/);
    expect(await refusal(intents.verify(text, ""))).toContain("UNAUTHENTICATED");
  });

  it("is no bearer token, nor is a bearer token an intent", async () => {
    const { text, secret, principal } = await signed();
    expect(await refusal(here.authenticator.authenticate({ bearer: text }, origin()))).toContain('"typ"');
    const { token } = await here.sessions.jwt(acting(principal), { session: secret });
    expect(await refusal(intents.verify(token, digest))).toContain('"typ"');
    // A member who has seen it makes it neither, with a key of his own.
    const [, body = ""] = text.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
    const thief = testNode(1);
    const forged = signCompact({ typ: ACCESS_TYPE, kid: thief.node }, claims, thief.key);
    expect(await refusal(here.authenticator.authenticate({ bearer: forged }, origin()))).toContain(
      "no member",
    );
    // Nor does its own node make a bearer token of it that lives as long.
    const long = signCompact({ typ: ACCESS_TYPE, kid: mesh.node.node }, claims, mesh.node.key);
    expect(await refusal(here.authenticator.authenticate({ bearer: long }, origin()))).toContain("too long");
  });

  it("is good for as long as it was asked for, and never longer than 7 days", async () => {
    const { text, secret, principal } = await signed(60_000);
    await mesh.clock.advance(120_000);
    expect(await refusal(intents.verify(text, digest))).toContain("expired");
    const sign = (validForMs: number) =>
      refusal(intents.sign(acting(principal), { session: secret }, digest, validForMs));
    expect(await sign(6 * DAY_MS)).toBe("accepted");
    expect(await sign(7 * DAY_MS)).toMatch(/^FAILED_PRECONDITION .*ends before/);
    for (const wrong of [7 * DAY_MS + 1, 0, -1, Number.NaN]) {
      expect(await sign(wrong)).toContain("INVALID_ARGUMENT");
    }
  });

  it("outlives the session that it was signed in", async () => {
    const { text, secret } = await signed();
    await here.sessions.logout(secret);
    expect(await intents.verify(text, digest)).toMatchObject({ userName: "ada" });
  });

  it("dies with its user, and with his password", async () => {
    await addAdmin(mesh);
    const first = await signed();
    const change = { password: TEST_PASSWORD, newPassword: "another long password" };
    const { text } = first;
    await changeAda({ disabled: true, sessionsSince: 2 });
    expect(await refusal(intents.verify(text, digest))).toContain("disabled");
    await changeAda({ disabled: false });
    expect(await refusal(intents.verify(text, digest))).toContain("log in again");
    const second = await signed();
    await here.sessions.changePassword(change, acting(second.principal));
    expect(await refusal(intents.verify(second.text, digest))).toContain("log in again");
  });

  it("of an API token has its scope, and dies with it", async () => {
    const { made, owner, principal } = await withToken();
    const sign = (validForMs: number) =>
      intents.sign(acting(owner), { bearer: made.token }, digest, validForMs);
    const text = await sign(3_600_000);
    expect((await intents.verify(text, digest)).rules).toEqual([{ verbs: ["update"], resources: ["gpio"] }]);
    expect(await refusal(sign(2 * DAY_MS))).toMatch(/^FAILED_PRECONDITION .*ends before/);
    await here.apiTokens.revoke(made.id, { password: TEST_PASSWORD }, acting(principal));
    expect(await refusal(intents.verify(text, digest))).toContain("UNAUTHENTICATED");
  });

  it("dies with the node that made it", async () => {
    const { text } = await signed();
    const [ada] = here.trust.view.users.values();
    const revocation = {
      kind: "revocation",
      node: mesh.node.node,
      memberVersion: 1,
      reason: "stolen",
      by: ada?.id ?? "",
    } as const;
    await mesh.trust.publish([mesh.trust.sign(revocation, [mesh.authority])]);
    expect(await refusal(intents.verify(text, digest))).toContain("no member");
  });

  it("cannot be made from a token that somebody forwarded, nor of what is no digest", async () => {
    const { secret, principal } = await login();
    const { token } = await here.sessions.jwt(acting(principal), { session: secret });
    const forwarded = await here.authenticator.authenticate({ bearer: token }, origin());
    if (forwarded === undefined) throw new Error("expected a principal");
    const run = intents.sign(acting(forwarded), { bearer: token }, digest, DAY_MS);
    expect(await refusal(run)).toContain("PERMISSION_DENIED");
    const noDigest = intents.sign(acting(principal), { session: secret }, "open the valve", DAY_MS);
    expect(await refusal(noDigest)).toContain("INVALID_ARGUMENT");
  });

  it.each(["", "a.b.c", "pic_", "x".repeat(100_000)])("is not %j", async (text) => {
    expect(await refusal(intents.verify(text, digest))).toContain("UNAUTHENTICATED");
  });
});
