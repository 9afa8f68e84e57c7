import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSetupCode, parseJoinToken } from "../crypto/index.ts";
import { testNode } from "../crypto/testing.ts";
import { type TestMesh, testMesh } from "../trust/testing.ts";
import { actingAs, EnrolmentFixture, password } from "./testing.ts";

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

describe("a node whose set-up code is entered on a member", () => {
  it("becomes a member that holds the whole trust of the mesh", async () => {
    const pending = await fixture.pending("new");
    const member = await fixture.member(mesh);
    fixture.announce(pending);
    expect(member.enrolment.pending()).toMatchObject([
      { id: pending.node.node, fingerprint: pending.unclaimed.fingerprint, problem: null },
    ]);
    const approval = { code: pending.unclaimed.setupCode.toLowerCase(), password };
    await fixture.until(member.enrolment.approve(pending.node.node, approval, member.acting));
    expect(await fixture.until(pending.unclaimed.claimed)).toMatchObject({ by: "setup-code" });
    const trust = pending.trust();
    expect(trust?.meshId).toBe(mesh.trust.meshId);
    expect(trust?.hash).toBe(mesh.trust.hash);
    expect(trust?.view.members.get(pending.node.node)?.admittedBy.kind).toBe("authority");
    expect(member.events).toEqual([`security.node.admitted ${pending.node.node}`]);
  });

  it("stays out with a wrong code, and its owner hears which field is wrong", async () => {
    const pending = await fixture.pending("new");
    const member = await fixture.member(mesh);
    fixture.announce(pending);
    const approving = member.enrolment.approve(
      pending.node.node,
      { code: newSetupCode(), password },
      member.acting,
    );
    await expect(fixture.until(approving)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "code" }] },
    });
    expect(pending.trust()).toBeUndefined();
    expect(mesh.trust.view.members.size).toBe(1);
    expect(member.enrolment.pending()[0]?.problem).toContain("set-up code");
  });

  it("is not spoken to when the password of whoever approves is wrong", async () => {
    const pending = await fixture.pending("new");
    let contacts = 0;
    const member = await fixture.member(mesh, {
      openPendingNetwork: () => {
        contacts++;
        return fixture.contact();
      },
    });
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password: "wrong" };
    expect(await fixture.outcome(member.enrolment.approve(pending.node.node, approval, member.acting))).toBe(
      "UNAUTHENTICATED",
    );
    expect(contacts).toBe(0);
  });

  it("is found by its address where multicast does not reach", async () => {
    const pending = await fixture.pending("new");
    const member = await fixture.member(mesh);
    const lookUp = (address: string) => member.enrolment.lookUp({ address }, member.acting);
    const host = pending.address.split("/")[2] as string;
    expect(await fixture.until(lookUp(host))).toMatchObject({ id: pending.node.node, name: "new" });
    expect(member.enrolment.pending()).toHaveLength(1);
    expect(await fixture.outcome(lookUp("not an address"))).toBe("INVALID_ARGUMENT");
    expect(await fixture.outcome(lookUp("10.9.9.9"))).toBe("NOT_FOUND");
    const approval = { code: pending.unclaimed.setupCode, password };
    await fixture.until(member.enrolment.approve(pending.node.node, approval, member.acting));
    expect(mesh.trust.view.members.has(pending.node.node)).toBe(true);
  });

  it("belongs to the mesh that admitted it, whatever another one wants", async () => {
    const other = await testMesh("other");
    const pending = await fixture.pending("new");
    const member = await fixture.member(mesh);
    const stranger = await fixture.member(other);
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password };
    const id = pending.node.node;
    await fixture.until(member.enrolment.approve(id, approval, member.acting));
    expect(await fixture.outcome(stranger.enrolment.approve(id, approval, stranger.acting))).toBe(
      "FAILED_PRECONDITION",
    );
    // Approving it again where it is a member already is no error.
    expect(await fixture.outcome(member.enrolment.approve(id, approval, member.acting))).toBe("done");
    expect(mesh.trust.view.members.get(id)?.version).toBe(1);
    other.dispose();
  });
});

describe("a node that carries a join token", () => {
  async function tokenOf(member: Awaited<ReturnType<EnrolmentFixture["member"]>>, uses = 1) {
    const request = { label: "rack", expiresInHours: 1, uses, password };
    const made = await fixture.until(member.enrolment.createJoinToken(request, member.acting));
    const secret = parseJoinToken(made.token);
    if (secret === undefined) throw new Error("that is no join token");
    return { made, secret };
  }

  it("is admitted without a click, and counts as a use", async () => {
    const member = await fixture.member(mesh);
    const { made, secret } = await tokenOf(member);
    expect(made).toMatchObject({ label: "rack", uses: 1, used: 0, state: "valid", createdBy: "ada" });
    const pending = await fixture.pending("new", { joinToken: secret });
    fixture.announce(pending, secret.id);
    expect(await fixture.until(pending.unclaimed.claimed)).toMatchObject({ by: "join-token" });
    expect(pending.trust()?.hash).toBe(mesh.trust.hash);
    expect(member.enrolment.joinTokens()).toMatchObject([{ used: 1, state: "used-up" }]);
    expect(member.events).toEqual([`security.node.admitted ${pending.node.node}`]);
  });

  it("is not admitted with a token that is used up, and the list says so", async () => {
    const member = await fixture.member(mesh);
    const { secret } = await tokenOf(member);
    const first = await fixture.pending("first", { joinToken: secret });
    fixture.announce(first, secret.id);
    await fixture.until(first.unclaimed.claimed);
    fixture.discovery.lost(first.node.node);
    const second = await fixture.pending("second", { joinToken: secret });
    fixture.announce(second, secret.id);
    await fixture.untilTrue(() => member.enrolment.pending()[0]?.problem !== null);
    expect(member.enrolment.pending()[0]?.problem).toContain("as many nodes as it may");
    expect(second.trust()).toBeUndefined();
  });

  it("is not admitted with a token that was revoked or has expired", async () => {
    const member = await fixture.member(mesh);
    const { secret: revoked } = await tokenOf(member);
    const { secret: expired } = await tokenOf(member);
    await fixture.until(member.enrolment.revokeJoinToken(revoked.id, { password }, member.acting));
    mesh.clock.jumpTo(mesh.clock.now() + 2 * 3_600_000);
    for (const [name, secret] of Object.entries({ revoked, expired })) {
      const pending = await fixture.pending(name, { joinToken: secret });
      fixture.announce(pending, secret.id);
      const shown = () => member.enrolment.pending().find(({ id }) => id === pending.node.node)?.problem;
      await fixture.untilTrue(() => shown() !== null);
      expect(shown()).toContain(name);
      expect(pending.trust()).toBeUndefined();
    }
  });

  it("is admitted as soon as the mesh hears of its token", async () => {
    const member = await fixture.member(mesh);
    const elsewhere = await fixture.member({ ...mesh, trust: mesh.another() });
    const { secret } = await tokenOf(elsewhere);
    const pending = await fixture.pending("new", { joinToken: secret });
    await elsewhere.enrolment.stop();
    fixture.announce(pending, secret.id);
    await fixture.untilTrue(() => member.enrolment.pending()[0]?.problem !== null);
    expect(member.enrolment.pending()[0]?.problem).toContain("does not know");
    await mesh.trust.merge(elsewhere.trust.envelopes());
    await fixture.until(pending.unclaimed.claimed);
    expect(mesh.trust.view.usesOf(secret.id)).toBe(1);
  });

  it("is admitted by the next member when the first in line does not reach it", async () => {
    const other = testNode("second-member");
    const admitted = await fixture.pending("second-member");
    const first = await fixture.member(mesh);
    fixture.announce(admitted);
    const approval = { code: admitted.unclaimed.setupCode, password };
    await fixture.until(first.enrolment.approve(other.node, approval, first.acting));
    fixture.discovery.lost(other.node);
    await first.enrolment.stop();
    const aliveMembers = () => [mesh.node.node, other.node];
    const openPendingNetwork = () => Promise.reject(new Error("no network here"));
    const cutOff = await fixture.member(mesh, { aliveMembers, openPendingNetwork });
    const reaching = await fixture.member({ ...mesh, node: other, trust: mesh.another() }, { aliveMembers });
    const { secret } = await tokenOf(cutOff);
    await reaching.trust.merge(cutOff.trust.envelopes());
    const pending = await fixture.pending("new", { joinToken: secret });
    fixture.announce(pending, secret.id);
    await fixture.until(pending.unclaimed.claimed);
    expect(pending.trust()?.view.members.get(pending.node.node)?.admittedBy).toMatchObject({
      sponsor: other.node,
    });
  });
});

describe("a member that is revoked", () => {
  async function twoMembers() {
    const pending = await fixture.pending("second");
    const member = await fixture.member(mesh);
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password };
    await fixture.until(member.enrolment.approve(pending.node.node, approval, member.acting));
    return { member, pending };
  }

  it("is no member any more, and the others have a new mesh secret that it was not given", async () => {
    const { member, pending } = await twoMembers();
    const id = pending.node.node;
    await fixture.until(member.enrolment.revoke(id, { password, reason: "stolen" }, member.acting));
    const { members, meshSecrets, revocations } = mesh.trust.view;
    expect([...members.keys()]).toEqual([mesh.node.node]);
    expect(revocations.get(id)).toMatchObject({ reason: "stolen", memberVersion: 1 });
    expect(meshSecrets.get(mesh.node.node)?.epoch).toBe(2);
    expect(meshSecrets.get(id)).toBeUndefined();
    expect(member.events).toContain(`security.node.revoked ${id}`);
    expect(await fixture.outcome(member.enrolment.revoke(id, { password }, member.acting))).toBe("done");
    expect(mesh.trust.view.meshSecrets.get(mesh.node.node)?.epoch).toBe(2);
    expect(
      await fixture.outcome(member.enrolment.revoke("12D3KooWnobody", { password }, member.acting)),
    ).toBe("NOT_FOUND");
  });

  it("is told so before it is cut off, of which it would see nothing but that all others are gone", async () => {
    const pending = await fixture.pending("second");
    const told: string[] = [];
    const member = await fixture.member(mesh, {
      async tellBeforeCut(node, envelopes) {
        expect(mesh.trust.view.members.has(node)).toBe(true);
        told.push(
          node,
          ...envelopes.map(({ statement }) => (JSON.parse(statement) as { kind: string }).kind),
        );
      },
    });
    fixture.announce(pending);
    const approval = { code: pending.unclaimed.setupCode, password };
    await fixture.until(member.enrolment.approve(pending.node.node, approval, member.acting));
    await fixture.until(member.enrolment.revoke(pending.node.node, { password }, member.acting));
    expect(told).toEqual([pending.node.node, "revocation"]);
  });

  it("comes back by being enrolled anew, as the next version of itself", async () => {
    const { member, pending } = await twoMembers();
    const id = pending.node.node;
    await fixture.until(member.enrolment.revoke(id, { password }, member.acting));
    await pending.unclaimed.stop();
    await pending.network.stop();
    const again = await fixture.pending("second");
    const approval = { code: again.unclaimed.setupCode, password };
    await fixture.until(member.enrolment.approve(id, approval, member.acting));
    expect(mesh.trust.view.members.get(id)?.version).toBe(2);
    expect(again.trust()?.view.meshSecrets.get(id)?.epoch).toBe(2);
  });

  it("forgets its keys when it hears of it", async () => {
    const { member, pending } = await twoMembers();
    const wiped: string[] = [];
    const trust = mesh.another();
    const second = await fixture.member(
      { ...mesh, node: pending.node, trust },
      { wipe: async () => void wiped.push("all") },
    );
    await fixture.until(member.enrolment.revoke(pending.node.node, { password }, member.acting));
    await trust.merge(mesh.trust.envelopes());
    await fixture.untilTrue(() => second.gone.length > 0);
    expect([wiped, second.gone, member.gone]).toEqual([["all"], ["revoked"], []]);
  });

  it("keeps those whom it had sponsored in the mesh", async () => {
    const { member, pending } = await twoMembers();
    const sponsor = await fixture.member({ ...mesh, node: pending.node, trust: mesh.another() });
    await member.enrolment.stop();
    const request = { expiresInHours: 1, uses: 5, password };
    const made = await fixture.until(member.enrolment.createJoinToken(request, member.acting));
    await sponsor.trust.merge(mesh.trust.envelopes());
    const secret = parseJoinToken(made.token);
    const third = await fixture.pending("third", { joinToken: secret });
    fixture.announce(third, secret?.id);
    await fixture.until(third.unclaimed.claimed);
    await mesh.trust.merge(sponsor.trust.envelopes());
    await fixture.until(member.enrolment.revoke(pending.node.node, { password }, member.acting));
    expect([...mesh.trust.view.members.keys()].sort()).toEqual([mesh.node.node, third.node.node].sort());
    expect(mesh.trust.view.usesOf(secret?.id ?? "")).toBe(1);
  });

  it("is told with it who is a member without its word, first of all whoever revokes it", async () => {
    const { member, pending } = await twoMembers();
    const sponsor = await fixture.member({ ...mesh, node: pending.node, trust: mesh.another() });
    await member.enrolment.stop();
    const request = { expiresInHours: 1, uses: 5, password };
    const made = await fixture.until(member.enrolment.createJoinToken(request, member.acting));
    await sponsor.trust.merge(mesh.trust.envelopes());
    const joinToken = parseJoinToken(made.token);
    const [third, fourth] = [
      await fixture.pending("third", { joinToken }),
      await fixture.pending("fourth", { joinToken }),
    ];
    fixture.announce(third, joinToken?.id);
    fixture.announce(fourth, joinToken?.id);
    await fixture.until(third.unclaimed.claimed);
    await fixture.until(fourth.unclaimed.claimed);
    await mesh.trust.merge(sponsor.trust.envelopes());
    for (const { node } of [third, fourth]) {
      const trust = mesh.another();
      const told: unknown[] = [];
      const sponsored = await fixture.member(
        { ...mesh, node, trust },
        {
          tellBeforeCut: async (_, envelopes) => {
            for (const { statement } of envelopes) {
              const { kind, node: about } = JSON.parse(statement) as { kind: string; node: string };
              told.push([kind, about]);
            }
            // Whoever hears no more than that cuts nobody else off.
            const other = mesh.another();
            await other.merge(envelopes);
            expect(other.view.members.has(third.node.node)).toBe(true);
            expect(other.view.members.has(fourth.node.node)).toBe(true);
          },
        },
      );
      await fixture.until(sponsored.enrolment.revoke(pending.node.node, { password }, actingAs(mesh.trust)));
      const rest = node === third.node ? fourth : third;
      expect(told).toEqual([
        ["revocation", pending.node.node],
        ["member", node.node],
        ["member", rest.node.node],
      ]);
    }
  });

  it("is revoked once, also when two people do so at once", async () => {
    const { member, pending } = await twoMembers();
    const revoke = () =>
      fixture.outcome(member.enrolment.revoke(pending.node.node, { password }, member.acting));
    expect(await Promise.all([revoke(), revoke()])).toEqual(["done", "done"]);
    expect(mesh.trust.view.meshSecrets.get(mesh.node.node)?.epoch).toBe(2);
  });

  it("admits nobody any more: nobody would hear of it from there", async () => {
    const { pending } = await twoMembers();
    const trust = mesh.another();
    const self = await fixture.member({ ...mesh, node: pending.node, trust });
    await fixture.until(self.enrolment.revoke(pending.node.node, { password }, self.acting));
    const third = await fixture.pending("third");
    fixture.announce(third);
    const approval = { code: third.unclaimed.setupCode, password };
    expect(await fixture.outcome(self.enrolment.approve(third.node.node, approval, self.acting))).toBe(
      "FAILED_PRECONDITION",
    );
    expect([third.trust(), trust.view.members.has(third.node.node)]).toEqual([undefined, false]);
  });

  it("may be the one through which it was revoked: it answers, and goes", async () => {
    const { pending } = await twoMembers();
    const trust = mesh.another();
    const self = await fixture.member({ ...mesh, node: pending.node, trust });
    await fixture.until(self.enrolment.revoke(pending.node.node, { password }, self.acting));
    expect(self.gone).toEqual([]);
    await fixture.untilTrue(() => self.gone.length > 0);
    expect(self.gone).toEqual(["revoked"]);
  });

  it("leaves by itself with its user's password, telling the others before it forgets", async () => {
    const { member, pending } = await twoMembers();
    const trust = mesh.another();
    const told: string[] = [];
    const leaving = await fixture.member(
      { ...mesh, node: pending.node, trust },
      { wipe: async () => void told.push("wiped") },
    );
    expect(await fixture.outcome(leaving.enrolment.leave({ password: "wrong" }, leaving.acting))).toBe(
      "UNAUTHENTICATED",
    );
    expect(told).toEqual([]);
    await fixture.until(leaving.enrolment.leave({ password }, leaving.acting));
    expect(told).toEqual(["wiped"]);
    await mesh.trust.merge(trust.envelopes());
    expect(mesh.trust.view.members.has(pending.node.node)).toBe(false);
    expect(leaving.events).toContain(`security.node.left ${pending.node.node}`);
    await fixture.untilTrue(() => leaving.gone.length > 0);
    expect([leaving.gone, member.gone]).toEqual([["left"], []]);
    expect(actingAs(mesh.trust).principal.userName).toBe("ada");
  });
});
