import { randomUUID } from "node:crypto";
import {
  type Access,
  builtInRoles,
  MeshError,
  type Rule,
  rulesAllow,
  type SessionStatus,
  type SessionView,
} from "@pi-controller/schema";
import type {
  Acting,
  AuditEntry,
  PresentedCredentials,
  Principal,
  SecurityUseCases,
} from "@pi-controller/security";
import { memoryActs } from "./memory-acts.ts";
import { nodeId } from "./samples.ts";
import { PASSWORD, SECRET, unclaimedStatus, userView } from "./security-samples.ts";

/** Names are users; what is presented as a bearer token is `token-` and the name. */
const accounts: Readonly<
  Record<string, { readonly roles: readonly string[]; readonly rules: readonly Rule[] }>
> = {
  ada: { roles: ["admin"], rules: [{ verbs: ["*"], resources: ["*"] }] },
  mona: { roles: ["monitor"], rules: [{ verbs: ["get", "list", "watch"], resources: [...monitored()] }] },
  /** A tenant: all is his that is in one namespace, and nothing else. */
  tess: {
    roles: ["plant"],
    rules: [{ verbs: ["*"], resources: ["*"], namespaces: ["plant"] }],
  },
  /** Takes pins from those who forgot them, and has none of his own. */
  rita: { roles: ["warden"], rules: [{ verbs: ["revoke"], resources: ["gpio"] }] },
  /** Gives back his own pins, and can take nobody's. */
  dora: { roles: ["guest"], rules: [{ verbs: ["delete"], resources: ["gpio"] }] },
  /** Has proven who he is, and may nothing. */
  nemo: { roles: [], rules: [] },
};
export type UserName = "ada" | "mona" | "tess" | "rita" | "dora" | "nemo";

export const bearerOf = (name: UserName) => `token-${name}`;

interface Session {
  readonly id: string;
  readonly name: string;
}

/** The use cases of security over a few maps, for tests of the edge: it has the answers and errors, and no trust. */
export class MemorySecurity implements SecurityUseCases {
  readonly #sessions = new Map<string, Session>();
  /** Users who were shut out after they had come in. */
  readonly shutOut = new Set<string>();
  readonly records: AuditEntry[] = [];
  /** What was presented, of every request. */
  readonly presented: PresentedCredentials[] = [];
  readonly #acts = memoryActs();
  readonly users = this.#acts.users;
  readonly apiTokens = this.#acts.apiTokens;
  readonly enrolment = this.#acts.enrolment;
  readonly certificates = this.#acts.certificates;

  readonly authenticator = {
    authenticate: async (credentials: PresentedCredentials): Promise<Principal | undefined> => {
      this.presented.push(credentials);
      const { session, bearer, clientCertificate } = credentials;
      if (session !== undefined) return this.#ofSession(session);
      if (bearer !== undefined) return this.#known(bearer.replace(/^token-/, ""), "api-token", bearer);
      if (clientCertificate !== undefined) return this.#known("ada", "client-certificate", "certificate");
      return undefined;
    },
    stillValid: ({ userName }: Principal) => !this.shutOut.has(userName),
  };

  readonly authorize = ({ userName, rules }: Principal, access: Access): string | undefined =>
    rulesAllow(rules, access) ? undefined : `${userName} may not ${access.verb} ${access.resource}`;

  readonly sessions: SecurityUseCases["sessions"] = {
    login: async ({ userName, password }) => {
      if (accounts[userName] === undefined || password !== PASSWORD) {
        throw new MeshError("UNAUTHENTICATED", "User name or password is wrong");
      }
      return this.openSession(userName);
    },
    logout: async (secret) => void this.#sessions.delete(secret),
    knows: (userName) => Object.hasOwn(accounts, userName),
    list: (acting, all) => this.#sessionViews(acting, all),
    end: async (id, acting, all) => {
      const found = [...this.#sessions].find(
        ([, session]) => session.id === id && (all || session.name === acting.principal.userName),
      );
      if (found === undefined) throw new MeshError("NOT_FOUND", "There is no such session");
      this.#sessions.delete(found[0]);
    },
    jwt: async () => ({ token: `${SECRET}.jwt`, expiresAt: "2026-11-21T10:05:00.000Z" }),
    changePassword: async ({ password }) => {
      if (password !== PASSWORD) throw new MeshError("UNAUTHENTICATED", "The password is wrong");
    },
  };

  /** As the nodes of `@pi-controller/gpio/testing` take it. */
  readonly evidence: SecurityUseCases["evidence"] = {
    of: async ({ principal }) => `proof-of-${principal.userName}`,
    verify: async (text) => this.#known(text.replace(/^proof-of-/, ""), "jwt", text),
  };

  readonly intents: SecurityUseCases["intents"] = {
    sign: async ({ principal }, _credentials, digest) => `${principal.userName}/${digest}`,
    verify: async (text, digest) => {
      const [name = "", signed] = text.split("/");
      if (signed !== digest) throw new MeshError("UNAUTHENTICATED", "The signature is not valid");
      return this.#known(name, "jwt", text);
    },
  };

  readonly oidc: SecurityUseCases["oidc"] = {
    begin: async (_origin, callbackUrl) => ({
      location: `https://provider.example/authorize?redirect_uri=${encodeURIComponent(callbackUrl)}`,
      state: `state${SECRET}`,
    }),
    complete: async ({ url, state }) => {
      const { searchParams } = new URL(url);
      if (state !== `state${SECRET}` || searchParams.get("code") !== "good") {
        throw new MeshError("UNAUTHENTICATED", "The provider did not say who this is");
      }
      return this.openSession("mona");
    },
  };

  readonly audit: SecurityUseCases["audit"] = {
    record: (entry) => void this.records.push(entry),
    query: async () => ({
      node: nodeId(0),
      items: this.records.map((entry, index) => ({
        ...entry,
        sequence: index + 1,
        at: "2026-11-21T10:00:00.000Z",
        node: nodeId(0),
        hash: "00",
      })),
      nextCursor: null,
      chain: { intact: true, firstSequence: 1, detail: "" },
    }),
  };

  status(principal: Principal | undefined): SessionStatus {
    return {
      ...unclaimedStatus(),
      state: "member",
      meshName: "home",
      principal:
        principal === undefined
          ? null
          : {
              userId: principal.userId,
              userName: principal.userName,
              roles: [...principal.roles],
              rules: [...principal.rules],
              via: principal.via,
              idleExpiresAt: principal.idleExpiresAt,
              expiresAt: principal.expiresAt,
              canUnseal: principal.canUnseal,
            },
    };
  }

  /** A login without its password. */
  openSession(name: string): { readonly secret: string; readonly principal: Principal } {
    const secret = `${SECRET}-${randomUUID()}`;
    this.#sessions.set(secret, { id: randomUUID(), name });
    return { secret, principal: this.#ofSession(secret) };
  }

  #ofSession(secret: string): Principal {
    const session = this.#sessions.get(secret);
    if (session === undefined) throw new MeshError("UNAUTHENTICATED", "The session is over");
    return this.#known(session.name, "session", session.id);
  }

  #known(name: string, via: Principal["via"], credentialId: string): Principal {
    const account = Object.hasOwn(accounts, name) ? accounts[name] : undefined;
    if (account === undefined || this.shutOut.has(name)) {
      throw new MeshError("UNAUTHENTICATED", "The token is not valid");
    }
    const { id, canUnseal } = userView(name, account.roles);
    const expiry = { idleExpiresAt: null, expiresAt: null };
    return { ...account, ...expiry, userId: id, userName: name, via, credentialId, canUnseal };
  }

  #sessionViews({ principal }: Acting, all: boolean): SessionView[] {
    const time = "2026-11-21T10:00:00.000Z";
    return [...this.#sessions.values()]
      .filter(({ name }) => all || name === principal.userName)
      .map(({ id, name }) => ({
        id,
        node: nodeId(0),
        userId: `user-${name.padEnd(16, "0")}`,
        userName: name,
        via: "password",
        current: id === principal.credentialId,
        address: "127.0.0.1",
        userAgent: "test",
        createdAt: time,
        lastUsedAt: time,
        idleExpiresAt: time,
        expiresAt: time,
      }));
  }
}

function monitored() {
  return builtInRoles.monitor.rules[0].resources;
}
