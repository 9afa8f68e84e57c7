import { silentLogger } from "@pi-controller/runtime";
import type { MeshError } from "@pi-controller/schema";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { acting, addAdmin, origin, type TestLogins, testLogins } from "../sessions/testing.ts";
import type { StatementOf } from "../trust/statements.ts";
import { TEST_PASSWORD, type TestMesh, testMesh } from "../trust/testing.ts";
import { OidcLogins } from "./oidc.ts";
import { type OidcOptions, parseOidcOptions } from "./oidc-options.ts";
import { PendingLogins } from "./pending-logins.ts";
import {
  CALLBACK_URL,
  goThere,
  TEST_CLIENT,
  TEST_SECRET,
  type TestProvider,
  testProvider,
} from "./testing.ts";

let provider: TestProvider;
let mesh: TestMesh;
let here: TestLogins;
beforeAll(async () => {
  // The provider warns that it is set up for tests.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  provider = await testProvider();
});
afterAll(async () => {
  await provider.stop();
  vi.restoreAllMocks();
});
beforeEach(async () => {
  mesh = await testMesh();
  here = await testLogins(mesh.trust, mesh.clock, mesh.node.key);
  await changeAda({ oidcSubject: "ada-monitor", roles: ["admin", "monitor"] });
});
afterEach(async () => {
  await here.dispose();
  mesh.dispose();
});

async function changeAda(fields: Partial<StatementOf<"user">>): Promise<void> {
  const [user] = mesh.trust.view.users.values();
  const { version: _, issuedAt: __, ...draft } = user ?? mesh.authority.user.user;
  await mesh.trust.publish([mesh.trust.sign({ ...draft, ...fields }, [mesh.authority])]);
}

function make(options: Partial<OidcOptions> = {}): OidcLogins {
  const parsed = parseOidcOptions({
    issuer: provider.issuer,
    clientId: TEST_CLIENT,
    label: "The Works",
    ...options,
  });
  return new OidcLogins(
    { clock: mesh.clock, logger: silentLogger, trust: mesh.trust, store: here.store },
    { node: mesh.node.node, provider: parsed },
  );
}

async function login(oidc: OidcLogins, name: string | undefined) {
  const { location, state } = await oidc.begin(origin(), CALLBACK_URL);
  return oidc.complete({ url: await goThere(location, name), state }, origin());
}

async function failure(run: Promise<unknown>): Promise<MeshError> {
  return run.then(
    () => {
      throw new Error("expected an error");
    },
    (error: unknown) => error as MeshError,
  );
}

describe("OidcLogins, with a real provider", () => {
  it("logs in whom an admin has linked, with his rights, good for this node alone", async () => {
    const { secret, principal } = await login(make(), "ada-monitor");
    expect(principal).toMatchObject({
      userName: "ada",
      via: "oidc",
      roles: ["admin", "monitor"],
      canUnseal: false,
    });
    expect(await here.authenticator.authenticate({ session: secret }, origin())).toEqual(principal);
    const error = await failure(here.sessions.jwt(acting(principal), { session: secret }));
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(error.message).toContain("log in with your password");
    expect(here.sessions.list(acting(principal), false)).toMatchObject([{ via: "oidc", current: true }]);
  });

  it("proves itself with a secret where the provider asks for one", async () => {
    const secretive = await testProvider({ secret: true });
    const oidc = make({ issuer: secretive.issuer, clientSecret: TEST_SECRET });
    expect((await login(oidc, "ada-monitor")).principal.userName).toBe("ada");
    const wrong = make({ issuer: secretive.issuer, clientSecret: "another secret" });
    const error = await failure(login(wrong, "ada-monitor"));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).not.toContain("secret");
    await secretive.stop();
  });

  it("refuses somebody whom nobody has linked, and tells what an admin has to link", async () => {
    const error = await failure(login(make(), "eve"));
    expect(error.code).toBe("PERMISSION_DENIED");
    expect(error.message).toContain("the subject eve");
  });

  it("refuses a user who is disabled, and ends his session when he is", async () => {
    await addAdmin(mesh);
    const { principal } = await login(make(), "ada-monitor");
    const [user] = mesh.trust.view.users.values();
    await changeAda({ disabled: true, sessionsSince: (user?.version ?? 0) + 1 });
    expect(here.authenticator.stillValid(principal)).toBe(false);
    expect((await failure(login(make(), "ada-monitor"))).code).toBe("PERMISSION_DENIED");
  });

  it("takes from a user the roles that the provider does not name, and never gives one", async () => {
    const oidc = make({ roleClaim: "groups" });
    expect((await login(oidc, "ada-monitor")).principal.roles).toEqual(["monitor"]);
    await changeAda({ oidcSubject: "ada-operator" });
    const error = await failure(login(oidc, "ada-operator"));
    expect(error.message).toContain("none of your roles");
  });

  it("says so when somebody declines at the provider", async () => {
    const error = await failure(login(make(), undefined));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).toBe("The Works refused the login: access_denied");
  });

  it("takes each answer once, in the browser that asked", async () => {
    const oidc = make();
    const mine = await oidc.begin(origin(), CALLBACK_URL);
    const url = await goThere(mine.location, "ada-monitor");
    const others = await oidc.begin(origin(), CALLBACK_URL);
    // Somebody lures a browser into the attacker's login: the answer is to another question.
    expect((await failure(oidc.complete({ url, state: others.state }, origin()))).code).toBe(
      "UNAUTHENTICATED",
    );
    expect((await failure(oidc.complete({ url, state: "" }, origin()))).code).toBe("UNAUTHENTICATED");
    expect((await oidc.complete({ url, state: mine.state }, origin())).principal.userName).toBe("ada");
    const replayed = await failure(oidc.complete({ url, state: mine.state }, origin()));
    expect(replayed.message).toContain("begin again");
  });

  it("waits ten minutes for somebody to come back, and no longer", async () => {
    const oidc = make();
    const { location, state } = await oidc.begin(origin(), CALLBACK_URL);
    const url = await goThere(location, "ada-monitor");
    await mesh.clock.advance(10 * 60_000);
    expect((await failure(oidc.complete({ url, state }, origin()))).message).toContain("too long ago");
  });

  it("works while this node's clock is two years behind", async () => {
    mesh.clock.jumpTo(mesh.clock.now() - 2 * 365 * 86_400_000);
    // The token is judged by the mesh's time, which is behind the provider's: not yet expired.
    expect((await login(make(), "ada-monitor")).principal.userName).toBe("ada");
  });

  it.each(["?code=wrong", "", "?error=<script>", "?iss=http://evil&code=x", "#x"])(
    "refuses the answer %j",
    async (query) => {
      const oidc = make();
      const { state } = await oidc.begin(origin(), CALLBACK_URL);
      const error = await failure(
        oidc.complete({ url: `${CALLBACK_URL}${query.replace(/^\?/, `?state=${state}&`)}`, state }, origin()),
      );
      expect(error.code).toBe("UNAUTHENTICATED");
      expect(error.message).not.toContain("<");
    },
  );
});

describe("OidcLogins, without one", () => {
  it("says that there is none where none is set up", async () => {
    const components = { clock: mesh.clock, logger: silentLogger, trust: mesh.trust, store: here.store };
    const none = new OidcLogins(components, { node: mesh.node.node, provider: undefined });
    expect((await failure(none.begin(origin(), CALLBACK_URL))).code).toBe("UNIMPLEMENTED");
  });

  it("says so while the provider cannot be reached; passwords work meanwhile", async () => {
    const gone = await testProvider();
    await gone.stop();
    const oidc = make({ issuer: gone.issuer });
    const error = await failure(oidc.begin(origin(), CALLBACK_URL));
    expect(error.code).toBe("UNAVAILABLE");
    expect(error.message).toBe("The Works cannot be reached from this node: log in with your password");
    const { principal } = await here.sessions.login({ userName: "ada", password: TEST_PASSWORD }, origin());
    expect(principal.userName).toBe("ada");
  });

  it("asks again as soon as the provider is back", async () => {
    const oidc = make();
    provider.setDown(true);
    expect((await failure(oidc.begin(origin(), CALLBACK_URL))).code).toBe("UNAVAILABLE");
    provider.setDown(false);
    expect((await login(oidc, "ada-monitor")).principal.userName).toBe("ada");
  });

  it("asks nobody before somebody wants to log in, and then for its metadata once an hour", async () => {
    const before = provider.requests();
    const oidc = make();
    expect(provider.requests()).toBe(before);
    for (let count = 0; count < 5; count++) await oidc.begin(origin(), CALLBACK_URL);
    expect(provider.requests()).toBe(before + 1);
  });

  it("bounds how many logins one address begins", async () => {
    const oidc = make();
    for (let count = 0; count < 10; count++) await oidc.begin(origin(), CALLBACK_URL);
    const error = await failure(oidc.begin(origin(), CALLBACK_URL));
    expect(error.code).toBe("RESOURCE_EXHAUSTED");
    expect(error.details.retryAfterMs).toBeGreaterThan(0);
    expect(await oidc.begin(origin("10.0.0.2"), CALLBACK_URL)).toBeDefined();
  });
});

describe("PendingLogins", () => {
  it("keeps a bounded number of them", () => {
    const pending = new PendingLogins({ clock: mesh.clock });
    const entry = { nonce: "n", codeVerifier: "v", callbackUrl: CALLBACK_URL };
    for (let count = 0; count < 5_000; count++) pending.add(`state-${count}`, entry);
    expect(pending.size).toBe(512);
    expect(pending.take("state-4999")).toMatchObject(entry);
  });
});

describe("parseOidcOptions", () => {
  const good = { issuer: "https://login.example.com/realm", clientId: "pi", label: "Example" };

  it.each([
    { issuer: "http://login.example.com" },
    { issuer: "http://127.0.0.1.example.com" },
    { issuer: "ftp://127.0.0.1" },
    { issuer: "example" },
    { label: "" },
    { scope: "profile" },
    { surprise: 1 },
  ])("refuses %j, by name", (fields) => {
    const [field] = Object.keys(fields);
    expect(() => parseOidcOptions({ ...good, ...fields })).toThrowError(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(String(field)) as string,
      }),
    );
  });

  it.each(["https://x.example", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1/realm"])(
    "takes %s",
    (issuer) => {
      expect(parseOidcOptions({ ...good, issuer })).toMatchObject({ issuer, scope: "openid" });
    },
  );
});
