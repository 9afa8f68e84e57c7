import { afterEach, describe, expect, it } from "vitest";
import { deriveKey } from "../crypto/derive.ts";
import { toBase64Url } from "../crypto/encoding.ts";
import type { PasswordCost } from "../crypto/password.ts";
import { authorityStatement, keepersOf } from "./building/authority.ts";
import { credentialOf } from "./building/credentials.ts";
import { overdueStatements } from "./building/overdue.ts";
import { type BuiltUser, newUser, resetUser } from "./building/users.ts";
import { PasswordKeyring } from "./keyring.ts";
import type { StatementOf } from "./statements.ts";
import { TEST_PASSWORD, TEST_START_MS, type TestMesh, testCost, testMesh } from "./testing.ts";

let mesh: TestMesh;
afterEach(() => mesh.dispose());

async function addUser(
  name: string,
  roles: readonly string[],
  createdMs = TEST_START_MS,
): Promise<BuiltUser> {
  const { trust, hasher, authority } = mesh;
  const wanted = { name, roles, oidcSubject: null, password: `password of ${name}`, createdMs };
  const built = await newUser({ signer: trust, hasher }, wanted, authority, testCost);
  await trust.publish(built.envelopes);
  return built;
}

async function share(changed: readonly StatementOf<"user">[] = []): Promise<void> {
  const { trust, authority } = mesh;
  await trust.publish([await authorityStatement(trust, keepersOf(trust.view, changed), authority)]);
}

describe("PasswordKeyring", () => {
  it("says nothing of why a login is refused, and takes the same work for all of them", async () => {
    mesh = await testMesh();
    const { trust, hasher, authority } = mesh;
    const { key } = await addUser("bob", []);
    await trust.publish([trust.sign({ ...key.user, disabled: true, version: 2 }, [authority])]);
    const costs: PasswordCost[] = [];
    const keyring = new PasswordKeyring({
      trust,
      hasher: {
        derive(password, salt, cost) {
          costs.push(cost);
          return hasher.derive(password, salt, cost);
        },
      },
    });
    const attempts = [
      () => keyring.unlockUser({ userName: "nobody" }, TEST_PASSWORD),
      () => keyring.unlockUser({ userName: "ada" }, "wrong"),
      () => keyring.unlockUser({ userName: "bob" }, "password of bob"),
      () => keyring.unlockUser({ id: "user-0000000000000000" }, TEST_PASSWORD),
      () => keyring.unlockAuthority(authority.user.user.id, "wrong"),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        message: "The user name or the password is wrong",
      });
    }
    expect(costs).toEqual(attempts.map(() => testCost));
  });

  it("checks unknown names at what is usual, not at what one user has made his own dear", async () => {
    mesh = await testMesh();
    const dear = { memoryKib: 131_072, passes: 8, parallelism: 1 };
    const [ada] = mesh.trust.view.credentials.values();
    if (ada === undefined) throw new Error("The mesh has an admin");
    const costs: PasswordCost[] = [];
    for (const users of [
      ["dear", "ada"],
      ["ada", "dear"],
      ["dear", "ada", "ada"],
    ]) {
      const credentials = new Map(
        users.map((user, index) => [`user-${index}`, user === "dear" ? { ...ada, argon2: dear } : ada]),
      );
      const view = { ...mesh.trust.view, credentials };
      const derive = (_password: string, _salt: Uint8Array, cost: PasswordCost) => {
        costs.push(cost);
        return Promise.resolve({ verifier: new Uint8Array(32), wrapKey: new Uint8Array(32) });
      };
      const keyring = new PasswordKeyring({ trust: { view }, hasher: { derive } });
      await keyring.unlockUser({ userName: "nobody" }, TEST_PASSWORD).catch(() => undefined);
    }
    expect(costs).toEqual([testCost, testCost, testCost]);
  });

  it("unseals after a password was changed, with the new one alone, and what was signed stays good", async () => {
    mesh = await testMesh();
    const { trust, hasher, keyring } = mesh;
    const before = await keyring.unlockUser({ userName: "ada" }, TEST_PASSWORD);
    const components = { signer: trust, hasher };
    await trust.publish([
      await credentialOf(components, before.user, before.seed, "another horse", testCost),
    ]);
    const after = await keyring.unlockUser({ userName: "ada" }, "another horse");
    expect(after.seed).toEqual(before.seed);
    expect(after.sign(new Uint8Array(1))).toEqual(before.sign(new Uint8Array(1)));
    await expect(keyring.unlockUser({ userName: "ada" }, TEST_PASSWORD)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(keyring.unlockAuthority(after.user.id, "another horse")).resolves.toBeDefined();
  });

  it("unseals the authority for its keepers alone", async () => {
    mesh = await testMesh();
    const { keyring } = mesh;
    const bob = await addUser("bob", ["operator"]);
    const grace = await addUser("grace", ["admin"]);
    await expect(keyring.unlockAuthority(bob.key.user.id, "password of bob")).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    await expect(keyring.unlockAuthority(grace.key.user.id, "password of grace")).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    await share();
    const authority = await keyring.unlockAuthority(grace.key.user.id, "password of grace");
    expect(authority.seed).toEqual(mesh.authority.seed);
    await expect(keyring.unlockAuthority(bob.key.user.id, "password of bob")).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
  });

  it("unseals for a user who was reset with his new password, once the authority was sealed to him anew", async () => {
    mesh = await testMesh();
    const { trust, hasher, authority, keyring } = mesh;
    const grace = await addUser("grace", ["admin"]);
    await share();
    const reset = await resetUser(
      { signer: trust, hasher },
      grace.key.user,
      "forgotten",
      authority,
      testCost,
    );
    await trust.publish(reset.envelopes);
    const { id } = grace.key.user;
    await expect(keyring.unlockAuthority(id, "forgotten")).rejects.toMatchObject({ code: "DATA_LOSS" });
    await share();
    await expect(keyring.unlockAuthority(id, "forgotten")).resolves.toBeDefined();
    await expect(keyring.unlockUser({ id }, "password of grace")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("takes the older of two users that both sides of a partition gave one name", async () => {
    mesh = await testMesh();
    const younger = await addUser("bob", [], TEST_START_MS + 1_000);
    const older = await addUser("bob", [], TEST_START_MS);
    expect(younger.key.user.id).not.toBe(older.key.user.id);
    const found = await mesh.keyring.unlockUser({ userName: "bob" }, "password of bob");
    expect(found.user.id).toBe(older.key.user.id);
  });
});

describe("authorityStatement", () => {
  it("leaves nobody out who is an admin, and is never sealed to nobody", async () => {
    mesh = await testMesh();
    const { trust, authority } = mesh;
    const ada = authority.user.user;
    await expect(authorityStatement(trust, [], authority)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    expect(keepersOf(trust.view, [{ ...ada, disabled: true }])).toEqual([]);
    expect(keepersOf(trust.view, [{ ...ada, roles: [] }])).toEqual([]);
  });
});

describe("overdueStatements", () => {
  it("are none, until an admin lacks the authority or a member the newest secret", async () => {
    mesh = await testMesh();
    const { trust, authority, founded } = mesh;
    expect(await overdueStatements(trust, trust.view, authority, founded.meshSecret)).toEqual([]);
    const grace = await addUser("grace", ["admin"]);
    const overdue = await overdueStatements(trust, trust.view, authority, founded.meshSecret);
    expect(overdue).toHaveLength(1);
    await trust.publish(overdue);
    expect(trust.view.authorityBoxes?.boxes[grace.key.user.id]).toBeDefined();
    expect(await overdueStatements(trust, trust.view, authority, founded.meshSecret)).toEqual([]);
  });
});

describe("secrets", () => {
  it("are in no statement, and in no error", async () => {
    mesh = await testMesh();
    const { trust, authority, founded, keyring } = mesh;
    const grace = await addUser("grace", ["admin"]);
    await share();
    const errors: string[] = [];
    for (const attempt of [
      () => keyring.unlockUser({ userName: "ada" }, "a wrong secret password"),
      () => keyring.unlockAuthority(grace.key.user.id, "a wrong secret password"),
      () => trust.publish([{ statement: "a wrong secret password", signatures: [] }]),
    ]) {
      await attempt().catch((error: unknown) => errors.push(describeAll(error)));
    }
    expect(errors).toHaveLength(3);
    const shown = [...trust.envelopes().map((envelope) => JSON.stringify(envelope)), ...errors].join("\n");
    const secrets = [
      authority.seed,
      authority.rootKey,
      founded.meshSecret.secret,
      authority.user.seed,
      grace.key.seed,
    ];
    const derived = [deriveKey(authority.user.seed, "user signing key"), mesh.node.key.storageKey];
    for (const secret of [...secrets, ...derived, mesh.node.privateKey.raw.subarray(0, 32)]) {
      expect(shown).not.toContain(toBase64Url(secret));
      expect(shown).not.toContain(Buffer.from(secret).toString("hex"));
      expect(shown).not.toContain(Buffer.from(secret).toString("base64"));
    }
    expect(shown).not.toContain(TEST_PASSWORD);
    expect(errors.join("\n")).not.toContain("a wrong secret password");
  });
});

function describeAll(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error)} ${describeAll(error.cause)}`;
}
