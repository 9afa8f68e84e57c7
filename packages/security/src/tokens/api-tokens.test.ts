import type { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testNode } from "../crypto/testing.ts";
import { acting, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import { newUser } from "../trust/building/users.ts";
import { TEST_PASSWORD, type TestMesh, testCost, testMesh } from "../trust/testing.ts";
import type { Acting } from "../use-cases.ts";
import { ApiTokens } from "./api-tokens.ts";

const BOB_PASSWORD = "bob's own password";

let mesh: TestMesh;
let here: TestLogins;
let ada: Acting;
let bob: Acting;
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
  const { envelopes } = await newUser(
    { signer: mesh.trust, hasher: mesh.hasher },
    {
      name: "bob",
      roles: ["operator"],
      oidcSubject: null,
      password: BOB_PASSWORD,
      createdMs: mesh.clock.now(),
    },
    mesh.authority,
    testCost,
  );
  await mesh.trust.publish(envelopes);
  ada = await as("ada", TEST_PASSWORD);
  bob = await as("bob", BOB_PASSWORD);
});
afterEach(async () => {
  await here.dispose();
  mesh.dispose();
});

async function as(userName: string, password: string): Promise<Acting> {
  return acting((await here.sessions.login({ userName, password }, origin())).principal);
}

async function failure(run: Promise<unknown>): Promise<MeshError> {
  return run.then(
    () => {
      throw new Error("expected an error");
    },
    (error: unknown) => error as MeshError,
  );
}

const request = { name: "script", expiresInDays: 30, password: BOB_PASSWORD };

describe("ApiTokens", () => {
  it("shows the token once, and the mesh never sees it", async () => {
    const made = await here.apiTokens.create(request, bob);
    const [view] = here.apiTokens.list(bob, false);
    expect(view).toEqual({
      ...view,
      id: made.id,
      name: "script",
      userName: "bob",
      scope: null,
      state: "valid",
    });
    const seed = made.token.split("_").slice(2).join("_");
    for (const text of [JSON.stringify(view), JSON.stringify(mesh.trust.envelopes())]) {
      expect(text).not.toContain(seed);
    }
  });

  it("is good on every node, and does what its user may, within its scope", async () => {
    const scope = [{ verbs: ["*" as const], resources: ["users" as const, "gpio" as const] }];
    const { token } = await here.apiTokens.create({ ...request, scope }, bob);
    const there = await testLogins(mesh.another(), mesh.clock, testNode(1).key);
    const principal = await there.authenticator.authenticate({ bearer: token }, origin());
    // Of an operator and of its scope: pins, and no users.
    expect(principal?.rules).toEqual([{ verbs: ["*"], resources: ["gpio"] }]);
    await there.dispose();
  });

  it("is made with the user's password alone", async () => {
    const error = await failure(here.apiTokens.create({ ...request, password: "wrong" }, bob));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(here.apiTokens.list(bob, false)).toEqual([]);
  });

  it("is listed to its user, and to all with the right to list all", async () => {
    await here.apiTokens.create(request, bob);
    expect(here.apiTokens.list(ada, false)).toEqual([]);
    expect(here.apiTokens.list(ada, true)).toMatchObject([{ userName: "bob" }]);
  });

  it("is revoked by its user with his password, by an admin with the authority, and by nobody else", async () => {
    const [own, others, adas] = [
      await here.apiTokens.create(request, bob),
      await here.apiTokens.create(request, bob),
      await here.apiTokens.create({ ...request, password: TEST_PASSWORD }, ada),
    ];
    await here.apiTokens.revoke(own.id, { password: BOB_PASSWORD }, bob);
    await here.apiTokens.revoke(others.id, { password: TEST_PASSWORD }, ada);
    const refused = await failure(here.apiTokens.revoke(adas.id, { password: BOB_PASSWORD }, bob));
    expect(refused.code).toBe("PERMISSION_DENIED");
    const states = new Map(here.apiTokens.list(ada, true).map(({ id, state }) => [id, state]));
    expect([own, others, adas].map(({ id }) => states.get(id))).toEqual(["revoked", "revoked", "valid"]);
    const unknown = await failure(here.apiTokens.revoke("0".repeat(16), { password: BOB_PASSWORD }, bob));
    expect(unknown.code).toBe("NOT_FOUND");
  });

  it("dies with the node that it was shown on", async () => {
    const stolen = testNode(1);
    const entry = {
      kind: "member",
      node: stolen.node,
      boxKey: Buffer.from(stolen.key.box.publicKey).toString("base64url"),
      admittedBy: { kind: "authority", user: ada.principal.userId ?? "" },
    } as const;
    await mesh.trust.publish([mesh.trust.sign(entry, [mesh.authority])]);
    const there = new ApiTokens({ trust: mesh.trust, keyring: here.keyring }, { node: stolen.node });
    const { token } = await there.create(request, bob);
    expect(await here.authenticator.authenticate({ bearer: token }, origin())).toBeDefined();
    await mesh.clock.advance(1_000);
    const revocation = {
      kind: "revocation",
      node: stolen.node,
      memberVersion: 1,
      reason: "stolen",
      by: ada.principal.userId ?? "",
    } as const;
    await mesh.trust.publish([mesh.trust.sign(revocation, [mesh.authority])]);
    const error = await failure(here.authenticator.authenticate({ bearer: token }, origin()));
    expect(error.code).toBe("UNAUTHENTICATED");
  });

  it("has room for a bounded number of them a user", async () => {
    const few = new ApiTokens(
      { trust: mesh.trust, keyring: here.keyring },
      { node: mesh.node.node, maxPerUser: 2 },
    );
    const first = await few.create(request, bob);
    await few.create(request, bob);
    expect((await failure(few.create(request, bob))).code).toBe("RESOURCE_EXHAUSTED");
    await few.revoke(first.id, { password: BOB_PASSWORD }, bob);
    expect((await few.create(request, bob)).state).toBe("valid");
  });
});
