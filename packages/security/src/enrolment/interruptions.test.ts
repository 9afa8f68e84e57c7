import { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseJoinToken } from "../crypto/index.ts";
import { statementSchema } from "../trust/statements.ts";
import { type TestMesh, testMesh } from "../trust/testing.ts";
import { TrustStore } from "../trust/trust-store.ts";
import { EnrolmentFixture, password } from "./testing.ts";

let fixture: EnrolmentFixture;
let mesh: TestMesh;

beforeEach(async () => {
  fixture = new EnrolmentFixture();
  mesh = await testMesh();
});

afterEach(async () => {
  await fixture.close();
  mesh.dispose();
});

/** Fails once, as a process that ends there. */
function failOnce() {
  let calls = 0;
  return async () => {
    calls++;
    if (calls === 1) throw new Error("the process ended here");
  };
}

describe("an enrolment that is cut short", () => {
  it("goes on when the member was gone between publishing and admitting", async () => {
    const pending = await fixture.pending("new");
    const id = pending.node.node;
    const member = await fixture.member(mesh, { enterNode: failOnce() });
    fixture.announce(pending);
    const approve = () =>
      member.enrolment.approve(id, { code: pending.unclaimed.setupCode, password }, member.acting);
    await expect(fixture.until(approve())).rejects.toThrow("the process ended here");
    expect(mesh.trust.view.members.has(id)).toBe(true);
    expect(pending.trust()).toBeUndefined();
    // It is still shown: it is a member that does not know it yet.
    expect(member.enrolment.pending().map((node) => node.id)).toEqual([id]);
    await fixture.until(approve());
    expect(mesh.trust.view.members.get(id)?.version).toBe(1);
    expect(mesh.trust.view.meshSecrets.get(id)?.version).toBe(1);
    expect(pending.trust()?.hash).toBe(mesh.trust.hash);
    expect(member.events).toEqual([`security.node.admitted ${id}`]);
  });

  it("goes on when the pending node was gone before it had stored anything", async () => {
    const pending = await fixture.pending("new", {
      components: { store: () => Promise.reject(new MeshError("RESOURCE_EXHAUSTED", "The disk is full")) },
    });
    const id = pending.node.node;
    const member = await fixture.member(mesh);
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password };
    expect(await fixture.outcome(member.enrolment.approve(id, approval, member.acting))).not.toBe("done");
    await pending.unclaimed.stop();
    await pending.network.stop();
    const again = await fixture.pending("new", {
      directory: pending.directory,
      setupCode: pending.unclaimed.setupCode,
    });
    await fixture.until(member.enrolment.approve(id, approval, member.acting));
    expect(mesh.trust.view.members.get(id)?.version).toBe(1);
    expect(again.trust()?.hash).toBe(mesh.trust.hash);
  });

  it("is over when the pending node was gone between storing and answering, and is heard of again", async () => {
    let directory = "";
    let id = "";
    const pending = await fixture.pending("new", {
      components: {
        store: async (meshId, envelopes) => {
          TrustStore.create(directory, meshId, envelopes).close();
          fixture.hub.kill(id);
        },
      },
    });
    directory = pending.directory;
    id = pending.node.node;
    const alive = [mesh.node.node];
    const member = await fixture.member(mesh, { aliveMembers: () => alive });
    fixture.announce(pending);
    const approve = () =>
      member.enrolment.approve(id, { code: pending.unclaimed.setupCode, password }, member.acting);
    expect(await fixture.outcome(approve())).toBe("UNAVAILABLE");
    expect(pending.trust()?.view.members.has(id)).toBe(true);
    fixture.discovery.lost(id);
    // Its process starts again, and finds that it is a member.
    expect(await fixture.outcome(approve())).toBe("UNAVAILABLE");
    alive.push(id);
    expect(await fixture.outcome(approve())).toBe("done");
    expect(mesh.trust.view.members.get(id)?.version).toBe(1);
    expect(member.events).toEqual([`security.node.admitted ${id}`]);
    expect(member.enrolment.pending()).toEqual([]);
  });

  it("has told another member of the node before the node hears that it is one", async () => {
    const order: string[] = [];
    const pending = await fixture.pending("new", {
      components: { store: async () => void order.push("the node") },
    });
    const member = await fixture.member(mesh, {
      spread: async (envelopes) => {
        const told = envelopes?.map(({ statement }) => statementSchema.parse(JSON.parse(statement)));
        expect(told).toContainEqual(expect.objectContaining({ kind: "member", node: pending.node.node }));
        expect(mesh.trust.view.members.has(pending.node.node)).toBe(true);
        order.push("another member");
      },
    });
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password };
    await fixture.until(member.enrolment.approve(pending.node.node, approval, member.acting));
    expect(order).toEqual(["another member", "the node"]);
  });

  it("uses a join token once, whichever member takes it up again", async () => {
    const member = await fixture.member(mesh, { enterNode: failOnce() });
    const request = { expiresInHours: 1, uses: 1, password };
    const made = await fixture.until(member.enrolment.createJoinToken(request, member.acting));
    const secret = parseJoinToken(made.token);
    const pending = await fixture.pending("new", { joinToken: secret });
    fixture.announce(pending, secret?.id);
    await fixture.untilTrue(() => member.enrolment.pending()[0]?.problem !== null);
    expect(mesh.trust.view.usesOf(made.id)).toBe(1);
    expect(pending.trust()).toBeUndefined();
    await fixture.until(pending.unclaimed.claimed);
    expect(mesh.trust.view.usesOf(made.id)).toBe(1);
    expect(mesh.trust.view.members.get(pending.node.node)?.version).toBe(1);
    expect(member.events).toEqual([`security.node.admitted ${pending.node.node}`]);
  });

  it("admits once when two approvals meet", async () => {
    const pending = await fixture.pending("new");
    const id = pending.node.node;
    const member = await fixture.member(mesh);
    fixture.announce(pending);
    const approve = () =>
      fixture.outcome(
        member.enrolment.approve(id, { code: pending.unclaimed.setupCode, password }, member.acting),
      );
    expect(await Promise.all([approve(), approve(), approve()])).toEqual(["done", "done", "done"]);
    expect(mesh.trust.view.members.get(id)?.version).toBe(1);
    expect(member.events).toEqual([`security.node.admitted ${id}`]);
  });
});
