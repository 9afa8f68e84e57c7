import { silentLogger, systemClock, VirtualClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { newSetupCode, PasswordHasher } from "../../crypto/index.ts";
import { testNode } from "../../crypto/testing.ts";
import type { Envelope } from "../../trust/statements.ts";
import { TEST_BUILD_MS, TEST_PASSWORD, TEST_START_MS, testCost } from "../../trust/testing.ts";
import { verifyAll } from "../../trust/verify-all.ts";
import { AttemptLimits } from "../attempt-limits/attempt-limits.ts";
import { Claim } from "./claim.ts";
import { Setup, type SetupComponents } from "./setup.ts";

const node = testNode("setup");
const setupCode = newSetupCode();
const origin = { address: "192.0.2.1", userAgent: "test", correlationId: "test" };
const request = { code: setupCode, meshName: "home", userName: "ada", password: TEST_PASSWORD };

let clock: VirtualClock;
let stored: { meshId: string; envelopes: readonly Envelope[] }[];
let rootKey: Uint8Array;

beforeEach(() => {
  clock = new VirtualClock(TEST_START_MS);
  stored = [];
  rootKey = new Uint8Array(138).fill(7);
});

function setupWith(components: Partial<SetupComponents> = {}): Setup {
  const store = { load: async () => new Map<string, number>(), save: async () => {} };
  return new Setup(
    {
      nodeKey: node.key,
      clock,
      logger: silentLogger,
      limits: new AttemptLimits({ clock, logger: silentLogger, store }),
      claim: new Claim(),
      hasher: new PasswordHasher({ clock: systemClock() }),
      createRoot: async () => ({ certificatePem: "PEM", privateKeyPkcs8: rootKey }),
      store: async (meshId, envelopes) => void stored.push({ meshId, envelopes }),
      onCreated() {},
      ...components,
    },
    { setupCode, name: "pi-new", buildDateMs: TEST_BUILD_MS, passwordCost: testCost },
  );
}

describe("the set-up page of an unclaimed node", () => {
  it("makes a mesh that verifies, with its first admin and this node in it, and keeps no key in the clear", async () => {
    const { meshId } = await setupWith().setUp(request, origin);
    const [mesh] = stored;
    const { view, rejected } = verifyAll(mesh?.envelopes ?? [], meshId);
    expect(rejected).toEqual([]);
    expect([view.meshName, [...view.members.keys()]]).toEqual(["home", [node.node]]);
    expect([...view.users.values()]).toMatchObject([{ name: "ada", roles: ["admin"] }]);
    expect(rootKey).toEqual(new Uint8Array(138));
    const text = JSON.stringify(stored);
    expect(text).not.toContain(setupCode);
    expect(text).not.toContain(TEST_PASSWORD);
  });

  it("makes one mesh, however many ask at once", async () => {
    const setup = setupWith();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => setup.setUp(request, origin)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(stored).toHaveLength(1);
    await expect(setup.setUp(request, origin)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("can be tried again when the mesh could not be stored", async () => {
    let full = true;
    const setup = setupWith({
      store: async (meshId, envelopes) => {
        if (full) throw new MeshError("RESOURCE_EXHAUSTED", "The disk is full");
        stored.push({ meshId, envelopes });
      },
    });
    await expect(setup.setUp(request, origin)).rejects.toThrow("The disk is full");
    full = false;
    rootKey = new Uint8Array(138).fill(7);
    await setup.setUp(request, origin);
    expect(stored).toHaveLength(1);
  });

  it("locks an address out that shows wrong codes, and says until when; slips of the pen do not count", async () => {
    const setup = setupWith();
    for (let count = 0; count < 20; count++) {
      await expect(setup.setUp({ ...request, code: "ABC" }, origin)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { fields: [{ field: "code" }] },
      });
    }
    for (let count = 0; count < 5; count++) {
      await expect(setup.setUp({ ...request, code: newSetupCode() }, origin)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { fields: [{ field: "code" }] },
      });
    }
    await expect(setup.setUp(request, origin)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      details: { retryAfterMs: 60_000 },
    });
    expect(setup.status(origin).lockedUntil).toBe(new Date(TEST_START_MS + 60_000).toISOString());
    expect(setup.status({ address: "192.0.2.2" }).lockedUntil).toBeNull();
    await clock.advance(60_000);
    await setup.setUp(request, origin);
    expect(stored).toHaveLength(1);
  });

  it("says when its clock is behind, and dates the mesh no earlier than the program", async () => {
    const setup = setupWith();
    expect(setup.status().clock).toBeNull();
    clock.jumpTo(0);
    expect(setup.status().clock).toEqual({ behindByMs: TEST_BUILD_MS });
    await setup.setUp(request, origin);
    expect(JSON.stringify(stored)).not.toContain("1970-01-01");
  });
});
