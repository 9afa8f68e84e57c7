import { pick, type Random, randomInteger, seededRandom } from "@pi-controller/runtime";
import { afterEach, describe, expect, it, vi } from "vitest";
import { testNode } from "../crypto/testing.ts";
import { resetUser } from "./building/users.ts";
import { type FixturePeer, TrustFixture } from "./peers.fixture.ts";
import type { Envelope } from "./statements.ts";
import { testCost } from "./testing.ts";
import { trustCollection } from "./trust-carrier.ts";
import type { StatementDraft } from "./trust-port.ts";

let fixture: TrustFixture;
afterEach(() => fixture.dispose());

const records = (peer: FixturePeer) => peer.documents.mesh.collection(trustCollection);
const hashes = () => new Set(fixture.peers.map(({ trust }) => trust.hash));
/** Whether the document of a peer says what its trust says. */
const isWhole = (peer: FixturePeer) =>
  [...peer.trust.statements()].every(
    ({ key, envelope }) => records(peer).get(key)?.statement === envelope.statement,
  );

async function revoke(node: number, by = 0): Promise<void> {
  const { authority } = fixture.mesh;
  const { trust } = fixture.peer(by);
  const statement = {
    kind: "revocation",
    node: testNode(node).node,
    memberVersion: 1,
    reason: "stolen",
    by: authority.user.user.id,
  } as const;
  await fixture.finish(trust.publish([trust.sign(statement, [authority])]));
}

describe("statements in the mesh document", () => {
  it("reach all members when they are published", async () => {
    fixture = await TrustFixture.create(3);
    await fixture.connectAll();
    await fixture.until(() => fixture.peers.every(isWhole));
    await revoke(2);
    await fixture.until(() => !fixture.peer(1).trust.view.members.has(testNode(2).node), 5_000);
  });

  it("are put back when somebody deletes, downgrades or forges them, and nobody believes it meanwhile", async () => {
    fixture = await TrustFixture.create(3);
    await fixture.connectAll();
    await fixture.until(() => fixture.peers.every(isWhole));
    const [one, other] = [fixture.peer(0), fixture.peer(1)];
    const key = `member/${testNode(2).node}`;
    const older = records(one).get(key) as Envelope;
    await fixture.admit(testNode(2), 2);
    await fixture.until(() => hashes().size === 1 && fixture.peers.every(isWhole));
    const forged = { ...older, statement: older.statement.replace('"version":1', '"version":7') };
    const attacks = [
      () => records(other).delete(key),
      () => records(other).put(key, older),
      () => records(other).put(key, forged),
      () => records(other).put(key, records(other).get("genesis") as Envelope),
    ];
    for (const attack of attacks) {
      await fixture.finish(attack());
      expect(one.trust.view.members.get(testNode(2).node)?.version).toBe(2);
      await fixture.until(() => fixture.peers.every(isWhole));
    }
    expect(hashes().size).toBe(1);
  });

  it("are not taken apart again where they stand already", async () => {
    fixture = await TrustFixture.create(2);
    await fixture.connectAll();
    await fixture.until(() => fixture.peers.every(isWhole));
    const [one] = fixture.peers as [FixturePeer];
    const texts = new Set([...one.trust.statements()].map(({ envelope }) => envelope.statement));
    const parse = vi.spyOn(JSON, "parse");
    try {
      // Every statement is looked at again when another one is new.
      await revoke(1);
      await fixture.run(5_000);
      const parsed = parse.mock.calls.filter(([text]) => texts.has(text));
      expect(one.trust.view.members.size).toBe(1);
      expect(parsed).toEqual([]);
    } finally {
      parse.mockRestore();
    }
  });

  it("are quiet when all agree", async () => {
    fixture = await TrustFixture.create(3);
    await fixture.connectAll();
    await fixture.until(() => fixture.peers.every(isWhole));
    await fixture.run(5_000);
    let changes = 0;
    for (const peer of fixture.peers) records(peer).observe(() => changes++);
    await fixture.run(300_000);
    expect(changes).toBe(0);
  });

  it("are put back ever more slowly against who keeps deleting them", async () => {
    fixture = await TrustFixture.create(2);
    await fixture.connectAll();
    await fixture.until(() => fixture.peers.every(isWhole));
    const [one, hostile] = [fixture.peer(0), fixture.peer(1)];
    await hostile.carrier.stop();
    let puts = 0;
    records(hostile).observe((changes) => {
      if (!changes.some(({ id, value }) => id === "authority" && value !== undefined)) return;
      puts++;
      void records(hostile).delete("authority");
    });
    await fixture.finish(records(hostile).delete("authority"));
    await fixture.run(600_000);
    expect(puts).toBeGreaterThan(5);
    expect(puts).toBeLessThan(40);
    expect(one.trust.view.authorityBoxes).toBeDefined();
  });

  it("are taken from among any number of others that somebody has made up", async () => {
    fixture = await TrustFixture.create(1);
    const one = fixture.peer(0);
    const { trust, authority, founded } = fixture.mesh;
    const forged = founded.envelopes[1] as Envelope;
    const junk = Array.from(
      { length: 5_500 },
      (_, index) =>
        [
          // Before all that is genuine, as records are in the order of their ids.
          `!${index}`,
          { ...forged, statement: forged.statement.replace('"version":1', `"version":${index + 2}`) },
        ] as const,
    );
    await fixture.finish(
      one.documents.mesh.transact((transaction) => {
        for (const [id, envelope] of junk) transaction.put(trustCollection, id, envelope);
        transaction.put(trustCollection, "role/first", trust.sign(role("first"), [authority]));
      }),
    );
    await fixture.until(() => trust.view.roles.has("first"));
    // While all is looked at again, as after each change of the trust, which a member can cause with its own requests.
    await fixture.finish(records(one).put("role/second", trust.sign(role("second"), [authority])));
    await trust.merge([trust.sign(role("other"), [authority])]);
    await fixture.until(() => trust.view.roles.has("second"));
  });

  it("of one that could not be verified yet are taken when what it stands on arrives", async () => {
    fixture = await TrustFixture.create(1);
    const one = fixture.peer(0);
    const { trust, authority, hasher } = fixture.mesh;
    const before = authority.user.user;
    const reset = await resetUser({ signer: trust, hasher }, before, "new password", authority, testCost);
    const [user, credential] = reset.envelopes;
    await fixture.finish(records(one).put(`credential/${before.id}`, credential));
    await fixture.run(500);
    expect(trust.view.users.get(before.id)?.signingKey).toBe(before.signingKey);
    await fixture.finish(records(one).put(`user/${before.id}`, user));
    await fixture.until(() => trust.view.credentials.get(before.id)?.version === 2, 10_000);
    expect(trust.view.users.get(before.id)?.signingKey).not.toBe(before.signingKey);
    const keyring = fixture.mesh.keyring.unlockUser({ id: before.id }, "new password");
    await expect(fixture.finish(keyring)).resolves.toBeDefined();
  });
});

describe("peers that were apart", () => {
  it("come to the same, whatever was stated, deleted and set back on each side", async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seededRandom(seed);
      fixture = await TrustFixture.create(3, seed);
      await fixture.run(3_000);
      const { authority } = fixture.mesh;
      const keys = [...fixture.mesh.trust.statements()].map(({ key }) => key);
      for (let step = 0; step < 25; step++) {
        const peer = fixture.peer(randomInteger(random, 3));
        const key = pick(random, keys) ?? "genesis";
        const work = [
          () => peer.trust.publish([peer.trust.sign(roleOf(randomInteger(random, 3), random), [authority])]),
          () => records(peer).delete(key),
          () =>
            records(peer).put(
              key,
              (pick(random, records(peer).all()) ?? fixture.mesh.founded.envelopes[0]) as Envelope,
            ),
          () => fixture.run(randomInteger(random, 3_000)),
        ][randomInteger(random, 4)];
        await fixture.finish(Promise.resolve(work?.()));
      }
      await fixture.connectAll();
      await fixture
        .until(() => hashes().size === 1 && fixture.peers.every(isWhole))
        .catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      if (seed < 6) await fixture.dispose();
    }
  }, 60_000);
});

function role(name: string): StatementDraft {
  return { kind: "role", name, description: "", rules: [], deleted: false };
}

function roleOf(index: number, random: Random): StatementDraft {
  const description = `${randomInteger(random, 1_000)}`;
  return { kind: "role", name: `role-${index}`, description, rules: [], deleted: random.next() < 0.3 };
}

describe("the introduction", () => {
  it("tells who was away of a revocation before anything else", async () => {
    fixture = await TrustFixture.create(3);
    await revoke(2, 0);
    expect(fixture.peer(1).trust.view.members.has(testNode(2).node)).toBe(true);
    await fixture.connect(fixture.peer(1), fixture.peer(0));
    expect(fixture.peer(1).trust.view.members.has(testNode(2).node)).toBe(false);
    expect(hashes().size).toBe(2);
  });

  it("lets nobody in who was revoked", async () => {
    fixture = await TrustFixture.create(3);
    await revoke(2, 0);
    const dialled = await fixture.finish(
      fixture.peer(2).network.dial({ addresses: [fixture.network.addressOf(testNode(0).node)] }, 5_000),
    );
    await fixture.run(1_000);
    expect(fixture.peer(0).network.status().connections).toEqual([]);
    expect(dialled.outcome === "connected" ? fixture.peer(2).network.status().connections : []).toEqual([]);
  });
});
