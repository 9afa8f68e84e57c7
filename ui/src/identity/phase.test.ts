import type { SessionStatus } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { principalKey } from "./phase.ts";

const status = (principal: Partial<NonNullable<SessionStatus["principal"]>> | null): SessionStatus => ({
  state: "member",
  node: "12D3KooWtest0001",
  nodeName: "pi-a",
  fingerprint: "",
  meshName: "home",
  principal:
    principal === null
      ? null
      : {
          userId: "u1",
          userName: "ann",
          roles: [],
          rules: [],
          via: "session",
          idleExpiresAt: null,
          expiresAt: null,
          canUnseal: false,
          ...principal,
        },
  oidc: null,
  clock: null,
  lockedUntil: null,
});

describe("principalKey", () => {
  it("stays while a session is used, and changes with the user and with his rights", () => {
    const key = principalKey(status({}));
    expect(principalKey(status({ idleExpiresAt: "2026-11-21T12:00:00Z" }))).toBe(key);
    expect(principalKey(status({ userId: "u2" }))).not.toBe(key);
    expect(principalKey(status({ rules: [{ verbs: ["get"], resources: ["nodes"] }] }))).not.toBe(key);
    expect(principalKey(status(null))).toBe("");
  });
});
