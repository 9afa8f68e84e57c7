import { VirtualClock } from "@pi-controller/runtime";
import type { AuditEntry, Principal } from "@pi-controller/security";
import { describe, expect, it, vi } from "vitest";
import { ask, handshake, memberRoutes, nameOf } from "../testing/ask.ts";
import { nodeId } from "../testing/samples.ts";
import { PASSWORD, SECRET, SETUP_CODE } from "../testing/security-samples.ts";
import { asUser, startApi } from "../testing/start-api.ts";
import { type AuditedRequest, AuditTrail } from "./audit-trail.ts";

const routes = memberRoutes();

const ada: Principal = {
  userId: "user-ada0000000000000",
  userName: "ada",
  roles: ["admin"],
  rules: [],
  via: "session",
  credentialId: "session",
  idleExpiresAt: null,
  expiresAt: null,
  canUnseal: true,
};

describe("the audit log", () => {
  it("has every refused and every mutating request, and no secret", async () => {
    const { url, security } = await startApi();
    const asked = [];
    for (const route of routes) {
      for (const headers of [{}, asUser("nemo"), asUser("ada")]) {
        const { status } = await ask(url, nameOf(route), {
          ...headers,
          "x-correlation-id": `id-${asked.length}`,
        });
        asked.push({ route, status });
      }
    }
    for (const [index, { route, status }] of asked.entries()) {
      const found = security.records.filter(({ correlationId }) => correlationId === `id-${index}`);
      const due =
        status === 401 ||
        status === 403 ||
        route.method !== "GET" ||
        route.operationId === "completeOidcLogin";
      expect([nameOf(route), status, found.length]).toEqual([nameOf(route), status, due ? 1 : 0]);
      const outcome = status === 401 || status === 403 ? "denied" : status < 400 ? "allowed" : "failed";
      const led = route.operationId === "completeOidcLogin";
      if (due && !led) expect(found[0]).toMatchObject({ outcome, address: "127.0.0.1" });
    }
    const text = JSON.stringify(security.records);
    for (const secret of [PASSWORD, SECRET, SETUP_CODE, "staple", "token-"])
      expect(text).not.toContain(secret);
  });

  it("says who did what to what", async () => {
    const { url, security } = await startApi();
    await ask(url, "POST /api/v1/nodes/{id}/revoke", { ...asUser("ada"), "x-correlation-id": "id-1" });
    await ask(url, "PUT /api/v1/roles/{name}", asUser("mona"));
    expect(security.records).toEqual([
      {
        actor: "ada",
        userId: "user-ada0000000000000",
        via: "api-token",
        address: "127.0.0.1",
        action: "revoke nodes",
        target: nodeId(4),
        outcome: "allowed",
        detail: "204",
        correlationId: "id-1",
      },
      expect.objectContaining({
        actor: "mona",
        action: "update roles",
        target: "gardener",
        outcome: "denied",
        detail: "403 PERMISSION_DENIED",
      }),
    ]);
  });

  it("has each login, good or not, with the name only of somebody who exists", async () => {
    const { url, security } = await startApi();
    const login = (userName: string, password: string) =>
      fetch(`${url}/api/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ userName, password }),
      });
    await login("ada", PASSWORD);
    await login("ada", "wrong-wrong-wrong");
    await login("my-own-password", "x");
    const seen = security.records.map(({ actor, action, target, outcome }) => [
      actor,
      action,
      target,
      outcome,
    ]);
    expect(seen).toEqual([
      ["ada", "login", "ada", "allowed"],
      ["anonymous", "login", "ada", "denied"],
      ["anonymous", "login", "", "denied"],
    ]);
  });

  it("keeps no token that was put into a path by mistake, and nor does the log", async () => {
    const logged: object[] = [];
    const note = (fields: object) => void logged.push(fields);
    const logger = { debug: note, info: note, warn: note, error: note };
    const { url, security } = await startApi({ logger });
    const path = `/api/v1/api-tokens/pic_t0ken0000000000a_${SECRET}/revoke`;
    for (const headers of [{}, asUser("ada")]) await fetch(url + path, { method: "POST", headers });
    expect(security.records).toHaveLength(2);
    expect(JSON.stringify(security.records)).not.toContain(SECRET);
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain(SECRET);
  });

  it("has what was refused at the gate, and refused handshakes", async () => {
    const { url, security } = await startApi();
    await fetch(`${url}/api/v1/nodes/${nodeId(4)}`, {
      method: "DELETE",
      headers: { origin: "http://evil.example" },
    });
    await handshake(url, "/api/v1/events", {});
    await vi.waitUntil(() => security.records.length === 2);
    expect(security.records).toMatchObject([
      { action: "delete nodes", target: nodeId(4), outcome: "denied" },
      { action: "watch events", outcome: "denied", detail: "401 UNAUTHENTICATED" },
    ]);
  });
});

describe("AuditTrail", () => {
  const stranger = (address: string): AuditedRequest => ({
    method: "GET",
    action: "get mesh",
    target: "",
    principal: undefined,
    origin: { address, userAgent: "", correlationId: "id" },
    status: 401,
    code: "UNAUTHENTICATED",
    always: false,
  });

  it("records a flood of refusals now and then, with how many there were in between", async () => {
    const clock = new VirtualClock();
    const records: AuditEntry[] = [];
    const trail = new AuditTrail({ audit: { record: (entry) => void records.push(entry) }, clock });
    for (let count = 0; count < 1_000; count++) trail.record(stranger("10.0.0.1"));
    const recorded = records.length;
    expect(recorded).toBeLessThanOrEqual(200);
    trail.record(stranger("10.0.0.2"));
    expect(records.at(-1)).toMatchObject({ address: "10.0.0.2", detail: "401 UNAUTHENTICATED" });
    await clock.advance(60_000);
    trail.record(stranger("10.0.0.1"));
    const more = `401 UNAUTHENTICATED, and ${1_000 - recorded} more in vain before it`;
    expect(records.at(-1)).toMatchObject({ address: "10.0.0.1", detail: more });
  });

  it("records what a flooded address changes all the same", () => {
    const records: AuditEntry[] = [];
    const trail = new AuditTrail({
      audit: { record: (entry) => void records.push(entry) },
      clock: new VirtualClock(),
    });
    for (let count = 0; count < 1_000; count++) trail.record(stranger("10.0.0.1"));
    trail.record({
      ...stranger("10.0.0.1"),
      method: "DELETE",
      action: "delete nodes",
      principal: ada,
      status: 204,
      code: undefined,
    });
    expect(records.at(-1)).toMatchObject({ action: "delete nodes", outcome: "allowed" });
  });

  const inVain: readonly Partial<AuditedRequest>[] = [
    { method: "POST", action: "login", status: 400, code: "INVALID_ARGUMENT" },
    { method: "POST", action: "POST none", status: 404, code: "NOT_FOUND" },
    { method: "POST", action: "knock", status: 202, code: undefined },
    { action: "login", status: 501, code: "UNIMPLEMENTED", always: true },
    { method: "POST", action: "create jwt", principal: ada, status: 200, code: undefined },
    { method: "PUT", principal: ada, status: 400, code: "INVALID_ARGUMENT" },
  ];
  it.each(inVain.map((request) => [`${request.action} ${request.code}`, request] as const))(
    "bounds also what is not refused, and comes to nothing: %s",
    (_name, request) => {
      const records: AuditEntry[] = [];
      const audit = { record: (entry: AuditEntry) => void records.push(entry) };
      const trail = new AuditTrail({ audit, clock: new VirtualClock() });
      for (let count = 0; count < 1_000; count++) trail.record({ ...stranger("10.0.0.1"), ...request });
      expect(records.length).toBeGreaterThan(0);
      expect(records.length).toBeLessThanOrEqual(100);
    },
  );

  it("keeps strangers with many addresses from filling the log within days", async () => {
    const clock = new VirtualClock();
    let recorded = 0;
    const trail = new AuditTrail({ audit: { record: () => void recorded++ }, clock });
    for (let hour = 0; hour < 72; hour++) {
      for (let sender = 0; sender < 500; sender++) trail.record(stranger(`10.0.${hour}.${sender}`));
      await clock.advance(3_600_000);
    }
    expect(recorded).toBeLessThan(12_000);
  });
});
