import { silentLogger } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { publicKeyOfSeed } from "../crypto/ed25519.ts";
import { toBase64Url } from "../crypto/encoding.ts";
import { joinTokenSigningKey } from "../crypto/signing-keys.ts";
import { type TestNode, testNode, testSeed } from "../crypto/testing.ts";
import { meshSecretStatements, nextMeshSecret } from "./building/mesh-secrets.ts";
import { overdueStatements } from "./building/overdue.ts";
import { MeshSecrets } from "./mesh-secrets.ts";
import { type FixturePeer, TrustFixture } from "./peers.fixture.ts";
import { acknowledgementsCollection, SecretRollover } from "./secret-rollover.ts";
import type { StoredSecret } from "./trust-store.ts";

interface SecretPeer {
  readonly peer: FixturePeer;
  readonly secrets: MeshSecrets;
  readonly rollover: SecretRollover;
  readonly kept: { stored: readonly StoredSecret[] };
}

let fixture: TrustFixture;
const started: SecretPeer[] = [];
afterEach(async () => {
  for (const { secrets, rollover } of started.splice(0)) {
    await rollover.stop();
    await secrets.stop();
  }
  await fixture.dispose();
});

async function withSecrets(peer: FixturePeer, document = peer.documents.mesh): Promise<SecretPeer> {
  const kept: SecretPeer["kept"] = { stored: [] };
  const store = {
    secrets: () => kept.stored,
    keepSecrets: (stored: readonly StoredSecret[]) => void (kept.stored = stored),
  };
  const { trust, node } = peer;
  const options = { tagOf: (secret: Uint8Array) => `tag ${toBase64Url(secret)}` };
  const secrets = new MeshSecrets({ trust, node: node.key, store, logger: silentLogger }, options);
  await secrets.start();
  const { clock } = fixture.mesh;
  const components = { trust, secrets, node: node.key, document, clock };
  const rollover = new SecretRollover({ ...components, logger: silentLogger });
  await rollover.start();
  const made = { peer, secrets, rollover, kept };
  started.push(made);
  return made;
}

async function changeSecret(to: readonly TestNode[]): Promise<void> {
  const { trust, authority } = fixture.mesh;
  const members = to.flatMap(({ node }) => trust.view.members.get(node) ?? []);
  const next = nextMeshSecret(trust.view);
  const envelopes = await meshSecretStatements(trust, members, next, authority);
  await fixture.finish(trust.publish(envelopes));
}

const ring = ({ secrets }: SecretPeer) => secrets.accepted().length;
const newest = ({ secrets }: SecretPeer) => secrets.newest?.epoch;

describe("MeshSecrets", () => {
  it("open what is sealed to the node; all members come to have the same", async () => {
    fixture = await TrustFixture.create(2);
    const [one, other] = [await withSecrets(fixture.peer(0)), await withSecrets(fixture.peer(1))];
    expect(one.secrets.newest).toMatchObject(fixture.mesh.founded.meshSecret);
    expect(other.secrets.newest).toEqual(one.secrets.newest);
    expect(one.secrets.tags()).toEqual(other.secrets.tags());
  });

  it("keep the old one until all members have the new one, then drop it", async () => {
    fixture = await TrustFixture.create(2);
    const [one, other] = [await withSecrets(fixture.peer(0)), await withSecrets(fixture.peer(1))];
    await changeSecret([testNode(0), testNode(1)]);
    await fixture.until(() => newest(one) === 2);
    expect(ring(one)).toBe(2);
    expect(newest(other)).toBe(1);
    // Sure to be let in first, then the newest, in turns.
    const dialled = [1, 2, 3].map(() => one.secrets.dialling(testNode(1).node));
    expect(dialled).toEqual([
      one.secrets.accepted()[1],
      one.secrets.accepted()[0],
      one.secrets.accepted()[1],
    ]);
    await fixture.connectAll();
    await fixture.until(() => newest(other) === 2 && ring(one) === 1 && ring(other) === 1);
    expect(one.secrets.dialling(testNode(1).node)).toEqual(one.secrets.newest?.secret);
    expect(one.kept.stored).toHaveLength(1);
  });

  it("are kept over a restart, sealed", async () => {
    fixture = await TrustFixture.create(2);
    const one = await withSecrets(fixture.peer(0));
    await changeSecret([testNode(0), testNode(1)]);
    await fixture.until(() => newest(one) === 2);
    for (const { sealed } of one.kept.stored) {
      for (const secret of one.secrets.accepted()) expect(sealed).not.toContain(toBase64Url(secret));
    }
    const store = { secrets: () => one.kept.stored, keepSecrets: () => undefined };
    const { trust, node } = one.peer;
    const components = { trust, node: node.key, store, logger: silentLogger };
    // Nor is the box opened again: that takes long, and much memory.
    let opened = 0;
    const open = (): Promise<Uint8Array> => {
      opened += 1;
      return Promise.reject(new Error("It was opened before"));
    };
    const unopened = { ...node.key.box, open };
    const key = { ...node.key, box: unopened };
    const again = new MeshSecrets({ ...components, node: key }, { tagOf: () => "" });
    await again.start();
    expect(again.accepted()).toEqual(one.secrets.accepted());
    expect(opened).toBe(0);
    await again.stop();
    const stranger = new MeshSecrets({ ...components, node: testNode(9).key }, { tagOf: () => "" });
    await expect(stranger.start()).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect(stranger.accepted()).toEqual([]);
    await stranger.stop();
  });

  it("believe no acknowledgement that the node has not signed, and none that is set back", async () => {
    fixture = await TrustFixture.create(2);
    const one = await withSecrets(fixture.peer(0));
    await changeSecret([testNode(0), testNode(1)]);
    await fixture.until(() => newest(one) === 2);
    const records = one.peer.documents.mesh.collection(acknowledgementsCollection);
    const own = records.get(testNode(0).node);
    if (own === undefined) throw new Error("nothing acknowledged");
    const forged = { ...own, id: testNode(1).node };
    await fixture.finish(records.put(testNode(1).node, forged));
    await fixture.run(1_000);
    expect(ring(one)).toBe(2);
    const other = await withSecrets(fixture.peer(1));
    await fixture.connectAll();
    await fixture.until(() => newest(other) === 2 && ring(one) === 1);
    await fixture.finish(records.put(testNode(1).node, forged));
    await fixture.run(1_000);
    expect(ring(one)).toBe(1);
  });

  it("look at one member's acknowledgement when it changes, and not at those of all", async () => {
    const members = 12;
    fixture = await TrustFixture.create(members);
    const { mesh } = fixture.peer(0).documents;
    const looked: string[] = [];
    const watched: typeof mesh = {
      ...mesh,
      collection: (definition) => {
        const records = mesh.collection(definition);
        return { ...records, get: (id) => (looked.push(id), records.get(id)) };
      },
    };
    const one = await withSecrets(fixture.peer(0), watched);
    await fixture.run(1_000);
    const other = await withSecrets(fixture.peer(1));
    looked.splice(0);
    await fixture.connectAll();
    const records = mesh.collection(acknowledgementsCollection);
    await fixture.until(() => records.get(testNode(1).node) !== undefined);
    await fixture.run(1_000);
    expect(looked.filter((id) => id === testNode(1).node)).not.toHaveLength(0);
    // Its own it looks at each time, to see whether it is still there.
    expect(new Set(looked)).toEqual(new Set([testNode(0).node, testNode(1).node]));
    expect([newest(one), newest(other)]).toEqual([1, 1]);
  });
});

describe("two sides of a partition that both change the secret", () => {
  it("stay within reach of each other, and come to one secret when the authority is next unsealed", async () => {
    fixture = await TrustFixture.create(2);
    const [one, other] = [await withSecrets(fixture.peer(0)), await withSecrets(fixture.peer(1))];
    const { authority } = fixture.mesh;
    for (const { peer } of [one, other]) {
      const { view } = peer.trust;
      const members = [...view.members.values()];
      const envelopes = await meshSecretStatements(peer.trust, members, nextMeshSecret(view), authority);
      await fixture.finish(peer.trust.publish(envelopes));
    }
    await fixture.until(() => newest(one) === 2 && newest(other) === 2);
    expect(one.secrets.newest?.tag).not.toBe(other.secrets.newest?.tag);
    await fixture.connectAll();
    await fixture.run(10_000);
    const shared = () =>
      one.secrets.accepted().filter((secret) => other.secrets.accepted().some((s) => equal(s, secret)));
    expect(shared().length).toBeGreaterThan(0);
    if (one.secrets.contested || other.secrets.contested) {
      const { trust } = one.peer;
      const overdue = await overdueStatements(trust, trust.view, authority, undefined, true);
      await fixture.finish(trust.publish(overdue));
    }
    await fixture.until(() => one.secrets.newest?.tag === other.secrets.newest?.tag);
    await fixture.until(() => ring(one) === 1 && ring(other) === 1);
    expect([one.secrets.contested, other.secrets.contested]).toEqual([false, false]);
  });
});

const equal = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

describe("a sponsor", () => {
  it("hands the newest secret on to whom it sponsored, when the authority did not know of him", async () => {
    fixture = await TrustFixture.create(1);
    const { trust, authority } = fixture.mesh;
    const one = await withSecrets(fixture.peer(0));
    const seed = testSeed("join token");
    const id = "t0ken00000000001";
    const soon = new Date(trust.now() + 3_600_000).toISOString();
    const token = trust.sign(
      {
        kind: "join-token",
        id,
        publicKey: toBase64Url(publicKeyOfSeed(seed)),
        label: "",
        createdAt: soon,
        createdBy: authority.user.user.id,
        expiresAt: soon,
        uses: 1,
        revoked: false,
      },
      [authority],
    );
    const joining = testNode(5);
    const entry = trust.sign(
      {
        kind: "member",
        node: joining.node,
        boxKey: toBase64Url(joining.key.box.publicKey),
        admittedBy: { kind: "join-token", token: id, sponsor: testNode(0).node },
      },
      [joinTokenSigningKey({ id, seed }), joining.key, testNode(0).key],
    );
    await fixture.finish(trust.publish([token, entry]));
    await fixture.until(() => trust.view.meshSecrets.get(joining.node)?.epoch === 1);
    await changeSecret([testNode(0)]);
    await fixture.until(() => trust.view.meshSecrets.get(joining.node)?.epoch === 2);
    const peer = await withSecrets(await fixture.start(joining));
    expect(peer.secrets.newest).toEqual(one.secrets.newest);
  });
});
