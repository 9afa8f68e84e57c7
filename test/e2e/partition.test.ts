import type { NodeView } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { revoke } from "../support/acts.ts";
import { startMeshOn } from "../support/hosts.ts";
import { Ethernet } from "../support/namespaces.ts";
import { allSee, Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { hasSecretAlone } from "../support/secret-epochs.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const CUT_MS = 70_000;

describe.skipIf(skipWithout(capabilities.namespaces))("a cable that is out for 70 s", () => {
  it("leaves both sides working, and the mesh whole again after", async () => {
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const names = ["pi-a", "pi-b", "pi-c", "pi-d"];
    const hosts = new Map([...names, "pi-e"].map((name) => [name, ethernet.addHost(name)]));
    const all = await startMeshOn(cleanup, hosts, { meshName: "cut" });
    const peers = all.slice(0, 4);
    for (const peer of all) {
      await waitFor(
        `${peer.name} has metrics of all`,
        async () => (await peer.nodes()).every((node) => node.metrics.lastValue !== null),
        { withinMs: 20_000, everyMs: 250 },
      );
    }
    const [, , , lonely] = peers;
    const lonelyHost = hosts.get("pi-d");
    if (lonely === undefined || lonelyHost === undefined) throw new Error("Four peers were started");
    const majority = peers.slice(0, 3);

    lonelyHost.cut();
    const cutAtMs = performance.now();
    await allSee(majority, ["pi-d"], "dead", 15_000);
    await allSee([lonely], ["pi-a", "pi-b", "pi-c", "pi-e"], "dead", 15_000);
    // Several lost at once look like a partition; one lost does not.
    expect((await lonely.mesh()).partition?.unreachable).toHaveLength(4);
    expect((await majority[0]?.mesh())?.partition).toBeNull();

    // Both sides take writes, to the same record too.
    const idOf = async (name: string) =>
      (await peers[0]?.nodes())?.find((node) => node.name === name)?.id ?? "";
    const [idA, idB] = [await idOf("pi-a"), await idOf("pi-b")];
    expect((await lonely.send("PUT", `/api/v1/nodes/${idA}`, { labels: { side: "lonely" } })).status).toBe(
      200,
    );
    expect(
      (await majority[0]?.send("PUT", `/api/v1/nodes/${idB}`, { labels: { side: "many" } }))?.status,
    ).toBe(200);
    // One side puts a node out, and changes the secret that the other side knows.
    const idE = await idOf("pi-e");
    if (majority[0] !== undefined) await revoke(majority[0], idE);
    const listsRevoked = async (peer: PeerProcess) => (await peer.nodes()).some(({ id }) => id === idE);
    for (const peer of majority) {
      await waitFor(`${peer.name} has put pi-e out`, async () => !(await listsRevoked(peer)), {
        withinMs: 5_000,
      });
    }
    expect(await listsRevoked(lonely)).toBe(true);
    // What is out of reach is shown as unknown, with its last value.
    const far = (await lonely.nodes()).find((node) => node.name === "pi-a");
    expect(far?.metrics).toMatchObject({ status: "unknown", value: null });
    expect(far?.metrics.lastValue).not.toBeNull();

    await waitFor("70 s have passed", () => performance.now() - cutAtMs > CUT_MS, {
      withinMs: CUT_MS + 5_000,
    });
    lonelyHost.plug();
    const pluggedAtMs = performance.now();
    await allSee(peers, names, "alive", 40_000);
    console.log(
      `Whole again ${((performance.now() - pluggedAtMs) / 1000).toFixed(1)} s after the cable was back.`,
    );
    await waitFor(
      "all peers have equal records",
      async () => {
        const rosters = await Promise.all(
          peers.map(async (peer) => JSON.stringify((await peer.nodes()).map(recordOf))),
        );
        return new Set(rosters).size === 1 && rosters[0]?.includes("lonely") && rosters[0].includes("many");
      },
      { withinMs: 20_000 },
    );
    expect((await lonely.mesh()).partition).toBeNull();
    expect(await listsRevoked(lonely)).toBe(false);
    for (const peer of peers) await hasSecretAlone(cleanup, peer, 2);
  });
});

/** What is agreed of a node, without what each peer measures or believes of it. */
function recordOf({ id, name, labels, kind, createdAt, updatedAt }: NodeView) {
  return { id, name, labels, kind, createdAt, updatedAt };
}
