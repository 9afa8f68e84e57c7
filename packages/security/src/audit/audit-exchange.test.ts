import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AddressBook, type Network } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { type AuditQuery, builtInRoles, MeshError, type NodeId, type Rule } from "@pi-controller/schema";
import { describe, expect, it, onTestFinished } from "vitest";
import { authorize } from "../authorization/authorize.ts";
import type { Acting, AuditUseCases, Principal } from "../use-cases.ts";
import { AUDIT_METHOD, AuditExchange } from "./audit-exchange.ts";
import { AuditLog } from "./audit-log.ts";
import { auditUseCases } from "./audit-use-cases.ts";

const [DOOR, GATE, AWAY] = ["node-of-the-door", "node-of-the-gate", "node-that-is-away"];

function principal(userName: string, rules: readonly Rule[]): Principal {
  return {
    userId: "user-0123456789abcdef",
    userName,
    roles: [],
    rules,
    via: "jwt",
    credentialId: "c",
    idleExpiresAt: null,
    expiresAt: null,
    canUnseal: false,
  };
}

const rule: Rule = { verbs: ["*"], resources: ["*"] };
const monitor: Rule = { verbs: [...builtInRoles.monitor.rules[0].verbs], resources: ["nodes"] };
const people: Readonly<Record<string, Principal>> = {
  "jwt-of-ada": principal("ada", [rule]),
  "jwt-of-mo": principal("mo", [monitor]),
};

interface TestNode {
  readonly log: AuditLog;
  readonly network: Network;
  readonly useCases: AuditUseCases;
}

async function startNodes() {
  const clock = new VirtualClock();
  const hub = new SimulatedNetwork({ clock, random: seededRandom(1) });
  const start = async (node: NodeId): Promise<TestNode> => {
    const directory = mkdtempSync(join(tmpdir(), "pi-controller-audit-"));
    const addressBook = new AddressBook();
    for (const other of [DOOR, GATE, AWAY]) addressBook.add(other, [hub.addressOf(other)]);
    const { network } = hub.createPeer(node, { addressBook, logger: silentLogger });
    const log = new AuditLog(
      { clock, logger: silentLogger, now: () => clock.now() },
      { file: join(directory, "audit.db"), node },
    );
    const exchange = new AuditExchange({
      network,
      log,
      clock,
      authorize,
      async verifyEvidence(jwt) {
        const found = people[jwt];
        if (found === undefined) throw new MeshError("UNAUTHENTICATED", "The token is not valid");
        return found;
      },
    });
    const unsubscribe = exchange.serve();
    await network.start(new AbortController().signal);
    await log.start();
    onTestFinished(async () => {
      unsubscribe();
      await log.stop();
      await network.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    const useCases = auditUseCases({
      node,
      log,
      exchange,
      isMember: (id) => [DOOR, GATE, AWAY].includes(id),
      evidence: async (acting) => `jwt-of-${acting.principal.userName}`,
    });
    return { log, network, useCases };
  };
  const [door, gate] = [await start(DOOR), await start(GATE)];
  for (const [node, { log }] of [
    [DOOR, door],
    [GATE, gate],
  ] as const) {
    log.record({
      actor: "ada",
      userId: null,
      via: "session",
      address: "::1",
      action: `at ${node}`,
      target: "",
      outcome: "allowed",
      detail: "",
      correlationId: "",
    });
  }
  /** As somebody, through the door; messages take virtual time, and so does their loss. */
  const ask = async (userName: string, query: Partial<AuditQuery>) => {
    const acting: Acting = {
      principal: people[`jwt-of-${userName}`] ?? principal(userName, []),
      address: "::1",
      userAgent: "",
      correlationId: "c",
    };
    const answer = door.useCases.query({ limit: 10, ...query }, acting, {});
    answer.catch(() => undefined);
    await clock.advance(60_000);
    return answer;
  };
  return { door, ask, hub, clock };
}

describe("the audit logs of a mesh", () => {
  it("are read at every node on behalf of who may", async () => {
    const { ask } = await startNodes();
    const own = await ask("ada", {});
    expect(own.items.map(({ action }) => action)).toEqual([`at ${DOOR}`]);
    const other = await ask("ada", { node: GATE });
    expect(other).toMatchObject({ node: GATE, chain: { intact: true } });
    expect(other.items.map(({ action }) => action)).toEqual([`at ${GATE}`]);
    expect((await ask("ada", { node: GATE, outcome: "denied" })).items).toEqual([]);
  });

  it("are refused by the node that has them to who may not, and that is recorded there", async () => {
    const { ask } = await startNodes();
    await expect(ask("mo", { node: GATE })).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(ask("eve", { node: GATE })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const { items } = await ask("ada", { node: GATE, outcome: "denied" });
    expect(items.map(({ actor, address, action }) => [actor, address, action])).toEqual([
      [DOOR, DOOR, AUDIT_METHOD],
      ["mo", DOOR, AUDIT_METHOD],
    ]);
  });

  it("are unavailable where a node cannot be reached, and unknown where there is none", async () => {
    const { ask, hub } = await startNodes();
    await expect(ask("ada", { node: AWAY })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(ask("ada", { node: "node-of-nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    hub.cut(DOOR, GATE);
    await expect(ask("ada", { node: GATE })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("do not pass for those of another node", async () => {
    const { ask, hub } = await startNodes();
    const { network } = hub.createPeer(AWAY, { addressBook: new AddressBook(), logger: silentLogger });
    await network.start(new AbortController().signal);
    onTestFinished(() => network.stop());
    const forged = {
      node: DOOR,
      items: [],
      nextCursor: null,
      chain: { intact: true, firstSequence: 1, detail: "" },
    };
    for (const payload of [JSON.stringify(forged), "{", "null", ""]) {
      const unsubscribe = network.handle(AUDIT_METHOD, async () => new TextEncoder().encode(payload));
      await expect(ask("ada", { node: AWAY })).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("no audit log of its own"),
      });
      unsubscribe();
    }
  });

  it("refuse questions that are none, and too many of them", async () => {
    const { door, clock } = await startNodes();
    const send = async (payload: string | Uint8Array) => {
      const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
      const answer = door.network.request(GATE, AUDIT_METHOD, bytes, { timeoutMs: 5_000 });
      const code = answer.then(
        () => "OK",
        (error: MeshError) => error.code,
      );
      await clock.advance(100);
      return code;
    };
    const wrong = [
      "",
      "{",
      "[]",
      '{"jwt":"jwt-of-ada"}',
      '{"jwt":"jwt-of-ada","query":{"limit":9999}}',
      '{"jwt":"jwt-of-ada","query":{"node":"node-of-the-door"}}',
      '{"jwt":"jwt-of-ada","query":{"cursor":"-1"}}',
      '{"jwt":1,"query":{}}',
      "x".repeat(20_000),
    ];
    for (const payload of wrong) {
      expect(await send(payload), payload.slice(0, 80)).toBe("INVALID_ARGUMENT");
      await clock.advance(1_000);
    }
    const codes = new Set<string>();
    for (let count = 0; count < 50; count++) codes.add(await send("{"));
    expect(codes).toContain("RESOURCE_EXHAUSTED");
  });

  it("have room for other things, however often a peer asks for nobody", async () => {
    const { ask, door, clock } = await startNodes();
    const question = new TextEncoder().encode('{"jwt":"jwt-of-nobody","query":{"limit":1}}');
    for (let count = 0; count < 100; count++) {
      door.network.request(GATE, AUDIT_METHOD, question, { timeoutMs: 5_000 }).catch(() => undefined);
      await clock.advance(300);
    }
    const { items } = await ask("ada", { node: GATE, outcome: "denied", limit: 100 });
    expect(items.length).toBeGreaterThan(0);
    expect(items.length).toBeLessThanOrEqual(21);
  });
});
