import { silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { MeshWatch } from "./mesh-watch.ts";
import { Fixture, type FixturePeer } from "./nodes.fixture.ts";
import type { MembershipChange, MemberView } from "./ports.ts";

const IDS = ["peer-aaaa1", "peer-bbbb2", "peer-cccc3", "peer-dddd4"] as const;

describe("a peer that starts again", () => {
  it("takes those that were dead before for no partition, and does not tell of their deaths again", async () => {
    const fixture = new Fixture();
    for (const id of IDS) await fixture.add(id);
    await fixture.connectAll();
    await fixture.run(10_000);
    for (const id of IDS.slice(2)) fixture.hub.kill(id);
    await fixture.run(60_000);
    const [one] = fixture.peers as [FixturePeer];
    expect(one.nodes.mesh().partition?.unreachable).toHaveLength(2);
    fixture.hub.kill(IDS[0]);
    one.disk.kill();
    const again = await fixture.add(IDS[0], { disk: one.disk });
    void again.network.dial({ addresses: [fixture.hub.addressOf(IDS[1])] }, 1_000);
    await fixture.run(60_000);
    expect(again.nodes.mesh()).toMatchObject({ counts: { alive: 2, dead: 2 }, partition: null });
    expect(again.told("mesh.partition.suspected")).toEqual([]);
    expect(again.told("cluster.node.failed").filter(({ source }) => source === again.id)).toEqual([]);
    // Of whom it sees die itself it tells.
    fixture.hub.kill(IDS[1]);
    await fixture.run(10_000);
    const told = again.told("cluster.node.failed").filter(({ source }) => source === again.id);
    expect(told.map(({ node }) => node)).toEqual([IDS[1]]);
  });
});

describe("a peer of a large mesh", () => {
  it("looks at those alone that it lost when something happens to a member", async () => {
    const clock = new VirtualClock();
    const members = new Map<string, MemberView>();
    const looked = { atAll: 0, atOne: 0 };
    const told: string[] = [];
    let change: (change: MembershipChange) => void = () => {};
    const watch = new MeshWatch(
      {
        clock,
        logger: silentLogger,
        membership: {
          member: (id) => {
            looked.atOne++;
            return members.get(id);
          },
          members: () => {
            looked.atAll++;
            return members;
          },
          observe: (listener) => {
            change = listener;
            return () => {};
          },
        },
        documents: { mesh: { collection: () => ({ observe: () => () => {} }) } as never },
        events: { emit: (type: string) => void told.push(type) } as never,
      },
      { self: "peer-self" },
    );
    await watch.start();
    const become = (id: string, state: MemberView["state"]) => {
      const previous = members.get(id)?.state ?? "unknown";
      const member = { ...NEVER_HEARD, id, state, sinceMs: clock.now() };
      members.set(id, member);
      change({ id, previous, member, reason: "it was said" });
    };
    const all = Array.from({ length: 1_000 }, (_, index) => `peer-${index}`);
    for (const id of all) become(id, "alive");
    expect(looked).toEqual({ atAll: 0, atOne: 0 });
    for (const id of all.slice(0, 2)) become(id, "dead");
    expect(watch.partition()?.unreachable).toEqual(all.slice(0, 2));
    members.delete("peer-0");
    become("peer-5", "suspect");
    expect(watch.partition()?.unreachable).toEqual(["peer-1"]);
    become("peer-1", "alive");
    expect(watch.partition()).toBeUndefined();
    expect(told.filter((type) => type.startsWith("mesh."))).toEqual([
      "mesh.partition.suspected",
      "mesh.partition.healed",
    ]);
    // Once, to tell of the partition.
    expect(looked.atAll).toBe(1);
  });
});

const NEVER_HEARD = { incarnation: 0, bootEpoch: 1, lastHeardMs: null, lastHeardMonotonicMs: null };
