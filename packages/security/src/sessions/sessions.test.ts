import type { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TEST_PASSWORD, type TestMesh, testMesh } from "../trust/testing.ts";
import { acting, origin, type TestLogins, testLogins } from "./testing.ts";

const DAY_MS = 86_400_000;

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

async function failure(run: Promise<unknown>): Promise<MeshError> {
  return run.then(
    () => {
      throw new Error("expected an error");
    },
    (error: unknown) => error as MeshError,
  );
}

const login = (password = TEST_PASSWORD, address?: string, userName = "ada") =>
  here.sessions.login({ userName, password }, origin(address));

describe("Sessions", () => {
  it("logs in with a password, finds the user by the cookie, and ends with the logout", async () => {
    const { secret, principal } = await login();
    expect(principal).toMatchObject({ userName: "ada", via: "session", roles: ["admin"], canUnseal: true });
    const found = await here.authenticator.authenticate({ session: secret }, origin());
    expect(found).toEqual(principal);
    await here.sessions.logout(secret);
    const error = await failure(here.authenticator.authenticate({ session: secret }, origin()));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(here.authenticator.stillValid(principal)).toBe(false);
  });

  it("says of a wrong password and of an unknown user the same", async () => {
    const errors = [await failure(login("wrong")), await failure(login("wrong", undefined, "nobody"))];
    expect(errors[0]?.code).toBe("UNAUTHENTICATED");
    expect(errors[0]?.message).toBe(errors[1]?.message);
  });

  it("knows whose name may be written down when a login fails", () => {
    expect(["ada", " Ada ", "nobody", TEST_PASSWORD].map((name) => here.sessions.knows(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("takes a name as a phone's keyboard writes it", async () => {
    expect((await login(TEST_PASSWORD, undefined, " Ada ")).principal.userName).toBe("ada");
  });

  it("lets the authority be used at an admin's login, with one password worked out, and wipes it", async () => {
    let derived = 0;
    const derive = here.hasher.derive.bind(here.hasher);
    here.hasher.derive = (...parameters) => {
      derived++;
      return derive(...parameters);
    };
    await login();
    await here.sessions.stop();
    expect(here.unlocked).toHaveLength(1);
    expect(derived).toBe(1);
    expect(() => here.unlocked[0]?.sign(new Uint8Array(1))).toThrow("sealed again");
  });

  it("stands a flood of wrong logins: the right one from another address succeeds", async () => {
    for (let count = 0; count < 200; count++) await failure(login("wrong", `10.0.0.${count % 5}`));
    expect((await login(TEST_PASSWORD, "10.0.1.1")).principal.userName).toBe("ada");
  });

  it("checks no password for an address that was wrong too often, and says when it does again", async () => {
    for (let count = 0; count < 5; count++) await failure(login("wrong"));
    const error = await failure(login(TEST_PASSWORD));
    expect(error.code).toBe("RESOURCE_EXHAUSTED");
    expect(error.details.retryAfterMs).toBe(1_000);
    await mesh.clock.advance(1_000);
    expect((await login()).principal.userName).toBe("ada");
  });

  it("tells of the lock with the user's name, and never with what somebody typed instead of one", async () => {
    for (let count = 0; count < 5; count++) await failure(login("wrong", "10.0.0.1"));
    for (let count = 0; count < 5; count++) await failure(login("wrong", "10.0.0.2", TEST_PASSWORD));
    expect(here.locked).toEqual(["ada", "unknown user"]);
  });

  it("lists one's own sessions, and all with the right to, marking the current one", async () => {
    const { principal } = await login();
    await login();
    const listed = here.sessions.list(acting(principal), false);
    expect(listed.filter(({ current }) => current).map(({ id }) => id)).toEqual([principal.credentialId]);
    expect(listed).toHaveLength(2);
    expect(listed[0]).toMatchObject({ userName: "ada", via: "password", address: "10.0.0.1" });
    const stranger = acting({ ...principal, userId: "user-stranger000000", credentialId: "x" });
    expect(here.sessions.list(stranger, false)).toEqual([]);
    expect(here.sessions.list(stranger, true)).toHaveLength(2);
  });

  it("ends one's own session by its id, and another's only with the right to", async () => {
    const { secret, principal } = await login();
    const stranger = acting({ ...principal, userId: "user-stranger000000" });
    const error = await failure(here.sessions.end(principal.credentialId, stranger, false));
    expect(error.code).toBe("NOT_FOUND");
    await here.sessions.end(principal.credentialId, stranger, true);
    expect((await failure(here.authenticator.authenticate({ session: secret }, origin()))).code).toBe(
      "UNAUTHENTICATED",
    );
  });

  it("lets a token end no session of its user's, unless it has the right to end anybody's", async () => {
    const { principal } = await login();
    const program = acting({ ...principal, via: "api-token", credentialId: "token" });
    const error = await failure(here.sessions.end(principal.credentialId, program, false));
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(here.authenticator.stillValid(principal)).toBe(true);
    await here.sessions.end(principal.credentialId, program, true);
    expect(here.authenticator.stillValid(principal)).toBe(false);
  });

  it("ends all other sessions of a user who changes his password, here and on other nodes", async () => {
    const there = await testLogins(mesh.another(), mesh.clock, mesh.node.key);
    const current = await login();
    const other = await login();
    const far = await there.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
    const change = { password: TEST_PASSWORD, newPassword: "another long password" };
    await here.sessions.changePassword(change, acting(current.principal));
    await there.trust.merge(here.trust.envelopes());
    expect(await here.authenticator.authenticate({ session: current.secret }, origin())).toBeDefined();
    expect(here.store.find(other.secret)).toBeUndefined();
    expect(there.store.find(far.secret)).toBeUndefined();
    expect((await failure(login(TEST_PASSWORD))).code).toBe("UNAUTHENTICATED");
    expect((await login("another long password")).principal.canUnseal).toBe(true);
    const jwt = await here.sessions.jwt(acting(current.principal), { session: current.secret });
    expect(await there.authenticator.authenticate({ bearer: jwt.token }, origin())).toMatchObject({
      via: "jwt",
    });
    await there.dispose();
  });

  it("changes no password without the old one", async () => {
    const { principal } = await login();
    const change = { password: "wrong", newPassword: "another long password" };
    for (let count = 0; count < 5; count++) {
      expect((await failure(here.sessions.changePassword(change, acting(principal)))).code).toBe(
        "UNAUTHENTICATED",
      );
    }
    // Whoever has the session alone does not find the password out.
    const error = await failure(here.sessions.changePassword(change, acting(principal)));
    expect(error.code).toBe("RESOURCE_EXHAUSTED");
    await mesh.clock.advance(1_000);
    expect((await login()).principal.userName).toBe("ada");
  });

  it("works with a clock two years behind, and revives nothing", async () => {
    const before = await login();
    const token = await here.apiTokens.create(
      { name: "short", expiresInDays: 1, password: TEST_PASSWORD },
      acting(before.principal),
    );
    await mesh.clock.advance(2 * DAY_MS);
    here.trust.rememberTime();
    mesh.clock.jumpTo(mesh.clock.now() - 2 * 365 * DAY_MS);
    expect(here.trust.clockStatus()).not.toBeNull();
    // Idle for two days, whatever the clock says now.
    expect(here.store.find(before.secret)).toBeUndefined();
    const expired = await failure(here.authenticator.authenticate({ bearer: token.token }, origin()));
    expect(expired.message).toBe("The API token has expired");
    const { secret, principal } = await login();
    expect(await here.authenticator.authenticate({ session: secret }, origin())).toBeDefined();
    const fresh = await here.apiTokens.create(
      { name: "fresh", expiresInDays: 1, password: TEST_PASSWORD },
      acting(principal),
    );
    expect(await here.authenticator.authenticate({ bearer: fresh.token }, origin())).toBeDefined();
    const jwt = await here.sessions.jwt(acting(principal), { session: secret });
    const found = await here.authenticator.authenticate({ bearer: jwt.token }, origin());
    expect(found).toMatchObject({ via: "jwt" });
    // Time goes on all the same, if at half its speed.
    await mesh.clock.advance(14 * 60_000);
    expect(
      (await failure(here.authenticator.authenticate({ bearer: jwt.token }, origin()))).message,
    ).toContain("expired");
  });

  it("takes tokens that were made later than it is here", async () => {
    const there = await testLogins(mesh.another(), mesh.clock, mesh.node.key);
    await mesh.clock.advance(300 * DAY_MS);
    const { secret, principal } = await there.sessions.login(
      { userName: "ada", password: TEST_PASSWORD },
      origin(),
    );
    const jwt = await there.sessions.jwt(acting(principal), { session: secret });
    mesh.clock.jumpTo(mesh.clock.now() - 2 * 365 * DAY_MS);
    expect(await here.authenticator.authenticate({ bearer: jwt.token }, origin())).toBeDefined();
    await there.dispose();
  });

  it("catches up with a clock that was right while another was ahead", async () => {
    const rightMs = mesh.clock.now();
    mesh.clock.jumpTo(rightMs + 3_600_000);
    here.trust.rememberTime();
    mesh.clock.jumpTo(rightMs);
    expect(here.trust.now()).toBe(rightMs + 3_600_000);
    await mesh.clock.advance(1_800_000);
    expect(here.trust.now()).toBeGreaterThan(rightMs + 3_600_000);
    await mesh.clock.advance(2 * 3_600_000);
    expect(here.trust.now()).toBe(mesh.clock.now());
  });

  it("ends all of them on a node that learns that it was revoked", async () => {
    const { secret, principal } = await login();
    const revocation = {
      kind: "revocation",
      node: mesh.node.node,
      memberVersion: 1,
      reason: "stolen",
      by: principal.userId ?? "",
    } as const;
    await mesh.trust.publish([mesh.trust.sign(revocation, [mesh.authority])]);
    expect(here.store.find(secret)).toBeUndefined();
    expect(here.authenticator.stillValid(principal)).toBe(false);
  });
});
