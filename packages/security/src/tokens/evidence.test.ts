import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testNode } from "../crypto/testing.ts";
import { acting, addAdmin, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import { TEST_PASSWORD, type TestMesh, testMesh } from "../trust/testing.ts";
import { Evidence } from "./evidence.ts";

let mesh: TestMesh;
let here: TestLogins;
let evidence: Evidence;
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
  evidence = new Evidence(here);
});
afterEach(async () => {
  await here.dispose();
  mesh.dispose();
});

const login = () => here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());

describe("Evidence", () => {
  it("is of who asks, and verified by others", async () => {
    const { secret, principal } = await login();
    const text = await evidence.of(acting(principal), { session: secret });
    const there = await testLogins(mesh.another(), mesh.clock, testNode(1).key);
    const verified = await new Evidence(there).verify(text, mesh.node.node);
    expect(verified).toMatchObject({ userName: "ada", via: "jwt" });
    await there.dispose();
  });

  it("is shown again until it has a minute left", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret });
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
      [one, other, grace].map(({ principal, secret }) => evidence.of(acting(principal), { session: secret })),
    );
    expect(new Set(texts).size).toBe(3);
  });

  it("ends with the session, though it was made before", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret });
    await of();
    await here.sessions.logout(secret);
    await expect(of()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("is made anew when anything has changed in the mesh", async () => {
    const { secret, principal } = await login();
    const of = () => evidence.of(acting(principal), { session: secret });
    const first = await of();
    await addAdmin(mesh);
    expect(await of()).not.toBe(first);
  });

  it("is a JWT, and no API token", async () => {
    const { principal } = await login();
    const request = { name: "script", expiresInDays: 1, password: TEST_PASSWORD };
    const { token } = await here.apiTokens.create(request, acting(principal));
    await expect(evidence.verify(token, mesh.node.node)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(evidence.verify("", mesh.node.node)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
