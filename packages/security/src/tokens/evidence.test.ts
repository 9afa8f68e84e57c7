import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeKey } from "../crypto/signing-keys.ts";
import { testNode } from "../crypto/testing.ts";
import { acting, addAdmin, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import { TEST_PASSWORD, type TestMesh, testMesh } from "../trust/testing.ts";
import { Evidence } from "./evidence.ts";

let mesh: TestMesh;
let here: TestLogins;
let evidence: Evidence;
/** Who is to believe it. */
const THERE = testNode(1).key;
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
  evidence = new Evidence({ ...here, clock: mesh.clock, nodeKey: mesh.node.key });
});
afterEach(async () => {
  for (const other of others.splice(0)) await other.dispose();
  await here.dispose();
  mesh.dispose();
});

const others: TestLogins[] = [];

/** Another node of the mesh, with what it is asked. */
async function elsewhere(nodeKey: NodeKey) {
  const logins = await testLogins(mesh.another(), mesh.clock, nodeKey);
  others.push(logins);
  return { logins, evidence: new Evidence({ ...logins, clock: mesh.clock, nodeKey }) };
}

const login = () => here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());

describe("Evidence", () => {
  it("is of who asks, and verified by others", async () => {
    const { secret, principal } = await login();
    const text = await evidence.of(acting(principal), { session: secret }, THERE.node);
    const there = await elsewhere(THERE);
    // The second time it is known already.
    for (const _ of [1, 2]) {
      const verified = await there.evidence.verify(text, mesh.node.node);
      expect(verified).toMatchObject({ userName: "ada", via: "jwt" });
    }
  });

  it("is believed by nobody but whom it was made for, and from nobody but who made it", async () => {
    const { secret, principal } = await login();
    const text = await evidence.of(acting(principal), { session: secret }, THERE.node);
    const third = await elsewhere(testNode(2).key);
    const unbelieved = { code: "UNAUTHENTICATED" };
    await expect(third.evidence.verify(text, mesh.node.node)).rejects.toMatchObject(unbelieved);
    const there = await elsewhere(THERE);
    await expect(there.evidence.verify(text, testNode(2).key.node)).rejects.toMatchObject(unbelieved);
    // Nor is it good at any API.
    for (const { authenticator } of [here, there.logins, third.logins]) {
      await expect(authenticator.authenticate({ bearer: text }, origin())).rejects.toMatchObject(unbelieved);
    }
  });

  it("is not believed any more when its user has changed", async () => {
    await addAdmin(mesh);
    const { secret, principal } = await here.sessions.login(
      { userName: "grace", password: TEST_PASSWORD },
      origin(),
    );
    const text = await evidence.of(acting(principal), { session: secret }, THERE.node);
    const there = await elsewhere(THERE);
    await there.evidence.verify(text, mesh.node.node);
    const change = { password: TEST_PASSWORD, newPassword: "another-long-password" };
    await here.sessions.changePassword(change, acting(principal));
    await there.logins.trust.merge(mesh.trust.envelopes());
    await expect(there.evidence.verify(text, mesh.node.node)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("that is made up is looked at only so often from one node, whose good one is still believed", async () => {
    const { secret, principal } = await login();
    const text = await evidence.of(acting(principal), { session: secret }, THERE.node);
    const there = await elsewhere(THERE);
    await there.evidence.verify(text, mesh.node.node);
    const codes = new Set<string>();
    for (let attempt = 0; attempt < 150; attempt++) {
      await there.evidence
        .verify(`${text.slice(0, -6)}${attempt}`, mesh.node.node)
        .catch((error: { code: string }) => codes.add(error.code));
    }
    expect([...codes]).toEqual(["UNAUTHENTICATED", "RESOURCE_EXHAUSTED"]);
    // Nor do its other users wait for long, whose evidence is new there.
    const other = await login();
    const fresh = await evidence.of(acting(other.principal), { session: other.secret }, THERE.node);
    const verified = () => there.evidence.verify(fresh, mesh.node.node);
    await expect(verified()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await mesh.clock.advance(1_000);
    expect(await verified()).toMatchObject({ userName: "ada" });
    expect(await there.evidence.verify(text, mesh.node.node)).toMatchObject({ userName: "ada" });
  });

  it("is shown again until it has a minute left", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret }, THERE.node);
    const first = await of();
    await mesh.clock.advance(238_000);
    expect(await of()).toBe(first);
    await mesh.clock.advance(3_000);
    const second = await of();
    expect(second).not.toBe(first);
    expect(await of()).toBe(second);
  });

  it("is each user's own, and each login's", async () => {
    await addAdmin(mesh);
    const one = await login();
    const other = await login();
    const grace = await here.sessions.login({ userName: "grace", password: TEST_PASSWORD }, origin());
    const texts = await Promise.all(
      [one, other, grace].map(({ principal, secret }) =>
        evidence.of(acting(principal), { session: secret }, THERE.node),
      ),
    );
    expect(new Set(texts).size).toBe(3);
  });

  it("ends with the session, though it was made before", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret }, THERE.node);
    await of();
    await here.sessions.logout(secret);
    await expect(of()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("is made anew when anything has changed in the mesh", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret }, THERE.node);
    const first = await of();
    await addAdmin(mesh);
    expect(await of()).not.toBe(first);
  });

  it("is no API token", async () => {
    const { principal } = await login();
    const request = { name: "script", expiresInDays: 1, password: TEST_PASSWORD };
    const { token } = await here.apiTokens.create(request, acting(principal));
    await expect(evidence.verify(token, mesh.node.node)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(evidence.verify("", mesh.node.node)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
