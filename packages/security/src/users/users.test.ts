import { seededRandom, shuffle } from "@pi-controller/runtime";
import type { MeshError, UserChange, UserCreation } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acting, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import { overdueStatements } from "../trust/building/overdue.ts";
import type { StatementOf } from "../trust/statements.ts";
import { TEST_PASSWORD, type TestMesh, testCost, testMesh } from "../trust/testing.ts";
import type { Trust } from "../trust/trust.ts";
import type { Acting, Principal } from "../use-cases.ts";
import { Users } from "./users.ts";

const BOB_PASSWORD = "bob's own password";

interface Side {
  readonly logins: TestLogins;
  readonly users: Users;
  readonly changes: string[];
}

let mesh: TestMesh;
let here: Side;
let ada: Acting;
const sides: Side[] = [];
beforeEach(async () => {
  mesh = await testMesh();
  here = await side(mesh.trust);
  ada = await as(here, "ada", TEST_PASSWORD);
});
afterEach(async () => {
  for (const { logins } of sides.splice(0)) await logins.dispose();
  mesh.dispose();
});

async function side(trust: Trust): Promise<Side> {
  const logins = await testLogins(trust, mesh.clock, mesh.node.key);
  const changes: string[] = [];
  const users = new Users(
    {
      trust,
      keyring: logins.keyring,
      hasher: logins.hasher,
      onUserChanged: ({ userName, change }) => void changes.push(`${userName}: ${change}`),
    },
    { passwordCost: testCost },
  );
  const made = { logins, users, changes };
  sides.push(made);
  return made;
}

async function as({ logins }: Side, userName: string, password: string): Promise<Acting> {
  return acting((await logins.sessions.login({ userName, password }, origin())).principal);
}

/** What one side knows, to the other, and back. */
async function meet(one: Side, other: Side): Promise<void> {
  await one.logins.trust.merge(other.logins.trust.envelopes());
  await other.logins.trust.merge(one.logins.trust.envelopes());
}

async function failure(run: Promise<unknown>): Promise<MeshError> {
  return run.then(
    () => {
      throw new Error("expected an error");
    },
    (error: unknown) => error as MeshError,
  );
}

const create = (fields: Partial<UserCreation> = {}, at = here, by = ada) =>
  at.users.create(
    { name: "bob", roles: ["operator"], newPassword: BOB_PASSWORD, password: TEST_PASSWORD, ...fields },
    by,
  );
const change = (id: string, fields: Partial<UserChange>, at = here, by = ada) =>
  at.users.change(id, { password: TEST_PASSWORD, ...fields }, by);
const keepers = ({ logins }: Side) => Object.keys(logins.trust.view.authorityBoxes?.boxes ?? {}).toSorted();

describe("Users", () => {
  it("makes a user who can log in on every node, with his role and no more", async () => {
    const bob = await create();
    expect(bob).toMatchObject({ name: "bob", roles: ["operator"], canUnseal: false, self: false });
    const there = await side(mesh.another());
    const principal = (await as(there, "bob", BOB_PASSWORD)).principal;
    expect(principal).toMatchObject({ userName: "bob", roles: ["operator"], canUnseal: false });
    expect(here.changes).toEqual(["bob: created with roles: operator"]);
    expect(here.users.list(ada).map(({ name, self }) => [name, self])).toEqual([
      ["ada", true],
      ["bob", false],
    ]);
  });

  it("refuses roles that there are not, by name, and a name that is taken", async () => {
    const unknown = await failure(create({ roles: ["monitor", "wizard"] }));
    expect(unknown.code).toBe("INVALID_ARGUMENT");
    expect(unknown.details.fields).toEqual([{ field: "roles[1]", message: "there is no role wizard" }]);
    expect((await failure(create({ name: "ada" }))).code).toBe("ALREADY_EXISTS");
  });

  it("makes only one of two users of the same name that are made at once", async () => {
    const results = await Promise.allSettled([create(), create()]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  it("changes nobody without the acting user's password", async () => {
    expect((await failure(create({ password: "wrong" }))).code).toBe("UNAUTHENTICATED");
    expect(here.users.list(ada)).toHaveLength(1);
  });

  it("lets nobody but an admin change users, whatever his role says", async () => {
    await here.users.putRole(
      "almighty",
      { rules: [{ verbs: ["*"], resources: ["*"] }], password: TEST_PASSWORD },
      ada,
    );
    const bob = await create({ roles: ["almighty"] });
    const by = await as(here, "bob", BOB_PASSWORD);
    const escalation = { roles: ["admin"], password: BOB_PASSWORD };
    expect((await failure(here.users.change(bob.id, escalation, by))).code).toBe("PERMISSION_DENIED");
    // Nor by claiming that he can.
    const forged = { ...by, principal: { ...by.principal, canUnseal: true, roles: ["admin"] } };
    expect((await failure(here.users.change(bob.id, escalation, forged))).code).toBe("PERMISSION_DENIED");
  });

  it("asks somebody who came through the OpenID provider to log in with his password", async () => {
    const principal: Principal = { ...ada.principal, via: "oidc" };
    const error = await failure(create({}, here, { ...ada, principal }));
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(error.message).toContain("log in with your password");
  });

  it("gives a new admin his share of the authority, and takes it with the role", async () => {
    const bob = await create({ roles: ["admin"] });
    expect(bob.canUnseal).toBe(true);
    const by = await as(here, "bob", BOB_PASSWORD);
    const eve = await here.users.create(
      { name: "eve", roles: [], newPassword: "eve's own password", password: BOB_PASSWORD },
      by,
    );
    expect(eve.name).toBe("eve");
    expect((await change(bob.id, { roles: ["monitor"] })).canUnseal).toBe(false);
    expect(keepers(here)).toEqual([ada.principal.userId]);
    const error = await failure(here.logins.keyring.unlockAuthority(bob.id, BOB_PASSWORD));
    expect(error.code).toBe("PERMISSION_DENIED");
  });

  it.each<[string, Partial<UserChange>]>([
    ["disabling", { disabled: true }],
    ["demoting", { roles: ["operator"] }],
  ])("keeps the last admin from %s himself", async (_, fields) => {
    const id = ada.principal.userId ?? "";
    expect((await failure(change(id, fields))).code).toBe("FAILED_PRECONDITION");
    expect((await failure(here.users.remove(id, { password: TEST_PASSWORD }, ada))).code).toBe(
      "FAILED_PRECONDITION",
    );
    await create({ roles: ["admin"] });
    expect(await change(id, fields)).toMatchObject({ id, canUnseal: false });
  });

  it("ends all sessions and tokens of a user who is disabled, and keeps the sessions ended", async () => {
    const bob = await create();
    const there = await side(mesh.another());
    const by = await as(there, "bob", BOB_PASSWORD);
    expect(there.logins.sessions.list(by, false)).toHaveLength(1);
    // Disabled and enabled again before the other node hears of either.
    await change(bob.id, { disabled: true });
    await change(bob.id, { disabled: false });
    await meet(here, there);
    expect(there.logins.sessions.list(by, false)).toEqual([]);
    expect(there.logins.authenticator.stillValid(by.principal)).toBe(false);
    expect((await as(there, "bob", BOB_PASSWORD)).principal.userName).toBe("bob");
    expect(here.changes.slice(1)).toEqual(["bob: disabled", "bob: enabled"]);
  });

  it("gives who is reset new keys: his password, sessions, tokens and share die, his new ones work", async () => {
    const bob = await create({ roles: ["admin"] });
    const by = await as(here, "bob", BOB_PASSWORD);
    const token = await here.logins.apiTokens.create(
      { name: "script", expiresInDays: 1, password: BOB_PASSWORD },
      by,
    );
    await change(bob.id, { newPassword: "a fresh password" });
    expect((await failure(as(here, "bob", BOB_PASSWORD))).code).toBe("UNAUTHENTICATED");
    expect(here.logins.authenticator.stillValid(by.principal)).toBe(false);
    const bearer = here.logins.authenticator.authenticate({ bearer: token.token }, origin());
    expect((await failure(bearer)).code).toBe("UNAUTHENTICATED");
    const again = await as(here, "bob", "a fresh password");
    expect(again.principal.canUnseal).toBe(true);
    const authority = await here.logins.keyring.unlockAuthority(bob.id, "a fresh password");
    authority.wipe();
  });

  it("keeps sessions through a change of roles, which counts at once", async () => {
    const bob = await create();
    const by = await as(here, "bob", BOB_PASSWORD);
    await change(bob.id, { roles: ["monitor"], oidcSubject: "bob@example.com" });
    expect(here.logins.sessions.list(by, false)).toHaveLength(1);
    expect(here.changes.at(-1)).toBe("bob: roles: monitor; linked to the OpenID provider");
  });

  it("links a person at the OpenID provider to one user alone", async () => {
    const bob = await create({ oidcSubject: "subject-1" });
    expect((await failure(create({ name: "eve", oidcSubject: "subject-1" }))).code).toBe("ALREADY_EXISTS");
    expect((await change(bob.id, { oidcSubject: null })).oidcSubject).toBeNull();
    expect((await create({ name: "eve", oidcSubject: "subject-1" })).oidcSubject).toBe("subject-1");
  });

  it("ends the sessions of a user whose link to a person at the OpenID provider is taken or changed", async () => {
    const bob = await create();
    const sessionsAfter: number[] = [];
    for (const oidcSubject of ["subject-1", "subject-2", null]) {
      const by = await as(here, "bob", BOB_PASSWORD);
      await change(bob.id, { oidcSubject });
      sessionsAfter.push(here.logins.sessions.list(by, false).length);
    }
    expect(sessionsAfter).toEqual([1, 0, 0]);
  });

  it("removes a user for good, with all that is his", async () => {
    const bob = await create();
    const by = await as(here, "bob", BOB_PASSWORD);
    await here.users.remove(bob.id, { password: TEST_PASSWORD }, ada);
    expect(() => here.users.get(bob.id, ada)).toThrow("no such user");
    expect(here.logins.authenticator.stillValid(by.principal)).toBe(false);
    expect((await failure(as(here, "bob", BOB_PASSWORD))).code).toBe("UNAUTHENTICATED");
    expect((await create()).id).not.toBe(bob.id);
  });

  it("changes nothing, and says nothing, when nothing changes", async () => {
    const bob = await create();
    const { version } = mesh.trust.view.users.get(bob.id) as StatementOf<"user">;
    await change(bob.id, { roles: ["operator"] });
    expect(mesh.trust.view.users.get(bob.id)?.version).toBe(version);
    expect(here.changes).toHaveLength(1);
  });
});

describe("Users, after a partition", () => {
  it("stand the same on both sides: by the higher version, and by the removal before all", async () => {
    const bob = await create();
    const there = await side(mesh.another());
    await change(bob.id, { roles: ["monitor"] }, here);
    await change(bob.id, { roles: ["operator", "monitor"] }, there);
    await change(bob.id, { disabled: true }, there);
    await meet(here, there);
    for (const { users } of [here, there]) {
      expect(users.get(bob.id, ada)).toMatchObject({ roles: ["operator", "monitor"], disabled: true });
    }
    await here.users.remove(bob.id, { password: TEST_PASSWORD }, ada);
    await change(bob.id, { disabled: false }, there);
    await change(bob.id, { disabled: true }, there);
    await meet(here, there);
    for (const { users } of [here, there]) expect(users.list(ada).map(({ name }) => name)).toEqual(["ada"]);
  });

  it("agree whatever is changed in whatever order, seeded", async () => {
    const seed = 20_261_121;
    const random = seededRandom(seed);
    const bob = await create();
    const there = await side(mesh.another());
    const steps = shuffle(random, [
      ...[["admin"], ["monitor"], ["operator", "monitor"], []].map((roles) => ({ roles })),
      { disabled: true },
      { disabled: false },
      { oidcSubject: "x" },
      { oidcSubject: null },
    ]);
    for (const fields of steps) {
      await change(bob.id, fields, random.next() < 0.5 ? here : there);
      if (random.next() < 0.3) await meet(here, there);
    }
    await meet(here, there);
    expect(there.users.list(ada), `seed ${seed}`).toEqual(here.users.list(ada));
    expect(keepers(there), `seed ${seed}`).toEqual(keepers(here));
  });

  it.each([{ roles: [] }, { disabled: true }])(
    "have an admin left when two took it from each other at once: %j",
    async (taken) => {
      const bob = await create({ roles: ["admin"] });
      const there = await side(mesh.another());
      const asBob = await as(there, "bob", BOB_PASSWORD);
      await change(bob.id, taken, here);
      await change(ada.principal.userId ?? "", { ...taken, password: BOB_PASSWORD }, there, asBob);
      await meet(here, there);
      expect(keepers(there)).toEqual(keepers(here));
      const admins = here.users.list(ada).filter(({ canUnseal }) => canUnseal);
      expect(there.users.list(ada).filter(({ canUnseal }) => canUnseal)).toEqual(admins);
      expect(admins).toHaveLength(1);
      const name = admins[0]?.name ?? "";

      const password = name === "bob" ? BOB_PASSWORD : TEST_PASSWORD;
      const last = await as(here, name, password);
      const { trust } = here.logins;
      const authority = await here.logins.keyring.unlockAuthority(last.principal.userId ?? "", password);
      await trust.publish(await overdueStatements(trust, trust.view, authority, undefined));
      await create({ name: "eve", roles: ["admin"], password }, here, last);
      // In writing: it stands though there is another admin now.
      expect(
        here.users
          .list(last)
          .filter(({ canUnseal }) => canUnseal)
          .map((user) => user.name),
      ).toEqual([name, "eve"]);
    },
  );

  it("may have two users of one name, of whom either can be changed; the older one logs in", async () => {
    const there = await side(mesh.another());
    const first = await create();
    await mesh.clock.advance(1_000);
    const second = await create({ newPassword: "the other bob's password" }, there);
    await meet(here, there);
    expect((await as(here, "bob", BOB_PASSWORD)).principal.userId).toBe(first.id);
    await change(first.id, { disabled: true });
    await here.users.remove(second.id, { password: TEST_PASSWORD }, ada);
    expect(here.users.list(ada).map(({ name }) => name)).toEqual(["ada", "bob"]);
  });
});

describe("Roles", () => {
  const rules = [{ verbs: ["update" as const], resources: ["gpio" as const], namespaces: ["garden"] }];

  it("are made, replaced and removed, and the built-in ones stay as they are", async () => {
    await here.users.putRole("gardener", { description: "Waters", rules, password: TEST_PASSWORD }, ada);
    await here.users.putRole("gardener", { rules: [], password: TEST_PASSWORD }, ada);
    expect(here.users.roles().map(({ name, builtIn }) => [name, builtIn])).toEqual([
      ["admin", true],
      ["operator", true],
      ["monitor", true],
      ["gardener", false],
    ]);
    expect(here.users.roles().at(-1)).toMatchObject({ description: "Waters", rules: [] });
    await here.users.removeRole("gardener", { password: TEST_PASSWORD }, ada);
    expect(here.users.roles()).toHaveLength(3);
    const gone = await failure(here.users.removeRole("gardener", { password: TEST_PASSWORD }, ada));
    expect(gone.code).toBe("NOT_FOUND");
    const builtIn = await failure(here.users.putRole("admin", { rules: [], password: TEST_PASSWORD }, ada));
    expect(builtIn.code).toBe("FAILED_PRECONDITION");
  });

  it("are not removed while somebody has them, who is named", async () => {
    await here.users.putRole("gardener", { rules, password: TEST_PASSWORD }, ada);
    const bob = await create({ roles: ["gardener"] });
    const error = await failure(here.users.removeRole("gardener", { password: TEST_PASSWORD }, ada));
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.message).toContain("bob");
    expect((await as(here, "bob", BOB_PASSWORD)).principal.rules).toEqual(rules);
    await change(bob.id, { roles: [] });
    await here.users.removeRole("gardener", { password: TEST_PASSWORD }, ada);
  });
});
