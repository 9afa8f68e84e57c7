import { type Clock, silentLogger } from "@pi-controller/runtime";
import { CredentialAuthenticator } from "../authentication/authenticator.ts";
import { PasswordHasher } from "../crypto/password.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import type { AuthorityKey } from "../keys.ts";
import { AddressLimit } from "../limits/address-limit.ts";
import { LimitedKeyring } from "../limits/limited-keyring.ts";
import { LoginLimit } from "../limits/login-limit.ts";
import { ApiTokens } from "../tokens/api-tokens.ts";
import { newUser } from "../trust/building/users.ts";
import { PasswordKeyring } from "../trust/keyring.ts";
import { TEST_PASSWORD, type TestMesh, testCost } from "../trust/testing.ts";
import type { Trust } from "../trust/trust.ts";
import type { Acting, Principal, RequestOrigin } from "../use-cases.ts";
import { defaultSessionOptions, SessionStore } from "./session-store.ts";
import { Sessions } from "./sessions.ts";

export interface TestLogins {
  readonly trust: Trust;
  readonly keyring: LimitedKeyring;
  readonly hasher: PasswordHasher;
  readonly store: SessionStore;
  readonly sessions: Sessions;
  readonly authenticator: CredentialAuthenticator;
  readonly apiTokens: ApiTokens;
  readonly limit: AddressLimit;
  /** User names of logins that were locked. */
  readonly locked: string[];
  /** How often the authority was there for what waited. */
  readonly unlocked: AuthorityKey[];
  dispose(): Promise<void>;
}

/** All that logins on one node need, put together as a peer does it; with cheap passwords. */
export async function testLogins(trust: Trust, clock: Clock, nodeKey: NodeKey): Promise<TestLogins> {
  const hasher = new PasswordHasher({ clock });
  const keyring = new LimitedKeyring({ clock, keyring: new PasswordKeyring({ trust, hasher }) });
  const logger = silentLogger;
  const store = new SessionStore({ clock, trust, logger }, { ...defaultSessionOptions, file: ":memory:" });
  const limit = new AddressLimit({ clock });
  const locked: string[] = [];
  const unlocked: AuthorityKey[] = [];
  const sessions = new Sessions(
    {
      clock,
      logger,
      trust,
      keyring: new PasswordKeyring({ trust, hasher }),
      hasher,
      store,
      limit: new LoginLimit({ clock }),
      nodeKey,
      onLoginLocked: ({ userName }) => void locked.push(userName),
      onAuthorityUnlocked: async (authority) => void unlocked.push(authority),
    },
    { passwordCost: testCost },
  );
  await store.start();
  await sessions.start();
  return {
    trust,
    keyring,
    hasher,
    store,
    sessions,
    authenticator: new CredentialAuthenticator({ clock, trust, sessions: store, limit }),
    apiTokens: new ApiTokens({ trust, keyring }, { node: nodeKey.node }),
    limit,
    locked,
    unlocked,
    async dispose() {
      await sessions.stop();
      await store.stop();
    },
  };
}

export function origin(address = "10.0.0.1"): RequestOrigin {
  return { address, userAgent: "test", correlationId: "request-1" };
}

export function acting(principal: Principal, address?: string): Acting {
  return { ...origin(address), principal };
}

/** Adds an admin besides the one who founded a mesh: of the last one nobody can take the role. */
export async function addAdmin({ trust, hasher, authority }: TestMesh): Promise<void> {
  const user = { name: "grace", roles: ["admin"], oidcSubject: null, password: TEST_PASSWORD };
  const { envelopes } = await newUser(
    { signer: trust, hasher },
    { ...user, createdMs: trust.now() },
    authority,
    testCost,
  );
  await trust.publish(envelopes);
}
