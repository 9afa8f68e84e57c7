import { afterEach, describe, expect, it } from "vitest";
import { revocationStatements } from "./building/revocation.ts";
import { TrustFixture } from "./peers.fixture.ts";
import { TrustNews } from "./trust-news.ts";

const fixtures: TrustFixture[] = [];
afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.dispose();
});

/** Connected members whose documents carry no statements any more. */
async function withoutCarriers(
  size: number,
  links?: readonly (readonly [number, number])[],
): Promise<TrustFixture> {
  const fixture = await TrustFixture.create(size);
  fixtures.push(fixture);
  for (const { network, trust } of fixture.peers) await new TrustNews({ network, trust }).start();
  if (links === undefined) await fixture.connectAll();
  else for (const [one, other] of links) await fixture.connect(fixture.peer(one), fixture.peer(other));
  for (const { carrier } of fixture.peers) await carrier.stop();
  return fixture;
}

describe("TrustNews", () => {
  it("tells connected members of a revocation at once, without the document", async () => {
    const fixture = await withoutCarriers(3);
    const { trust, authority } = fixture.mesh;
    const [witness, revoked] = [fixture.peer(1), fixture.peer(2)];
    const { node } = revoked.node;
    expect(witness.trust.view.members.has(node)).toBe(true);
    const statements = await revocationStatements(trust, trust.view, node, "stolen", authority);
    await fixture.finish(trust.publish(statements));
    await fixture.until(() => !witness.trust.view.members.has(node), 1_000);
  });

  it("has members pass a revocation on to those whom whoever made it is not connected to", async () => {
    const line = [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const;
    const fixture = await withoutCarriers(5, line);
    const { trust, authority } = fixture.mesh;
    const { node } = fixture.peer(4).node;
    await fixture.finish(
      trust.publish(await revocationStatements(trust, trust.view, node, "stolen", authority)),
    );
    await fixture.until(() => !fixture.peer(3).trust.view.members.has(node), 3_000);
  });

  it("has members pass on what came with a revocation, also what is not new to them", async () => {
    const fixture = await withoutCarriers(4, [
      [0, 1],
      [1, 2],
    ]);
    const { trust, authority } = fixture.mesh;
    const role = { kind: "role" as const, name: "gardener", description: "", rules: [], deleted: false };
    const known = trust.sign(role, [authority]);
    await fixture.peer(1).trust.merge([known]);
    const { node } = fixture.peer(3).node;
    const [revocation] = await revocationStatements(trust, trust.view, node, "stolen", authority);
    await fixture.finish(trust.publish(revocation === undefined ? [] : [revocation, known]));
    const { trust: last } = fixture.peer(2);
    await fixture.until(() => !last.view.members.has(node), 3_000);
    expect(last.view.roles.has("gardener")).toBe(true);
  });

  it("tells on request of what others have published something after", async () => {
    const fixture = await withoutCarriers(2);
    const { trust, authority } = fixture.mesh;
    const roles = ["gardener", "cook"].map((name) =>
      trust.sign({ kind: "role", name, description: "", rules: [], deleted: false }, [authority]),
    );
    for (const role of roles) await fixture.finish(trust.publish([role]));
    const news = new TrustNews({ network: fixture.peer(0).network, trust });
    await fixture.finish(news.spread(roles.slice(0, 1)));
    expect([...fixture.peer(1).trust.view.roles.keys()]).toEqual(["gardener"]);
  });

  it("lets what can wait go with the document", async () => {
    const fixture = await withoutCarriers(2);
    const { trust, authority } = fixture.mesh;
    const role = { kind: "role" as const, name: "gardener", description: "", rules: [], deleted: false };
    await fixture.finish(trust.publish([trust.sign(role, [authority])]));
    await fixture.run(1_000);
    expect(fixture.peer(1).trust.view.roles.has("gardener")).toBe(false);
  });
});
