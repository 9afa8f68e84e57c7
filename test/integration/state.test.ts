import { afterEach, describe, expect, it } from "vitest";
import { allSee, Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const names = (peers: readonly PeerProcess[]) => peers.map(({ name }) => name);

describe("shared state", () => {
  it("written on one peer is read on all, with a revision that guards against lost updates", async () => {
    const [first, second] = await startMesh(cleanup, 2, { meshName: "state-write" });
    if (first === undefined || second === undefined) throw new Error("Two peers were started");
    const id = (await first.nodes()).find((node) => node.name === "pi-b")?.id ?? "";
    const read = await first.request(`/api/v1/nodes/${id}`);
    const written = await first.request(`/api/v1/nodes/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json", "if-match": read.headers.etag ?? "" },
      body: JSON.stringify({ name: "kitchen", labels: { room: "kitchen" } }),
    });
    expect(written.status).toBe(200);
    await waitFor(
      "the other peer has it",
      async () =>
        (await second.nodes()).some((node) => node.name === "kitchen" && node.labels.room === "kitchen"),
      { withinMs: 5_000 },
    );
    const stale = await first.request(`/api/v1/nodes/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json", "if-match": read.headers.etag ?? "" },
      body: JSON.stringify({ name: "attic" }),
    });
    expect(stale).toMatchObject({ status: 412, body: { code: "FAILED_PRECONDITION" } });
    // Each side tells in its log who was changed.
    await waitFor(
      "the event is told",
      async () => {
        const { items } = (await second.request("/api/v1/events?type=cluster.node.updated")).body as {
          items: { node: string }[];
        };
        return items.some(({ node }) => node === id);
      },
      { withinMs: 5_000 },
    );
  });

  it("is there again when all peers were killed at once and restarted", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "state-restart" });
    const registered = await peers[0]?.send("POST", "/api/v1/nodes", {
      address: "127.1.0.7",
      name: "printer",
    });
    expect(registered?.status).toBe(201);
    const everyoneHasIt = (observers: readonly PeerProcess[]) =>
      waitFor(
        "everyone has it",
        async () =>
          (await Promise.all(observers.map((peer) => peer.stateOf("printer")))).every(
            (state) => state === "unknown",
          ),
        { withinMs: 10_000 },
      );
    await everyoneHasIt(peers);
    const addresses = (await peers[0]?.mesh())?.addresses ?? [];
    expect(addresses).not.toHaveLength(0);
    await Promise.all(peers.map((peer) => peer.kill("SIGKILL")));
    // They listen on other ports than before, as after new leases: one of them is named to the others.
    const [former, ...formers] = peers;
    if (former === undefined) throw new Error("Three peers were started");
    const first = cleanup.peer(await former.again());
    const join = (await first.mesh()).addresses[0] ?? "";
    const others = await Promise.all(formers.map((peer) => peer.again(["--join", join])));
    for (const peer of others) cleanup.peer(peer);
    const again = [first, ...others];
    await allSee(again, names(peers), "alive", 20_000);
    await everyoneHasIt(again);
  });

  it("is served by one peer alone, offline, with its age", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "state-alone" });
    const [survivor, ...others] = peers;
    if (survivor === undefined) throw new Error("Three peers were started");
    await waitFor(
      "it has metrics of all",
      async () => (await survivor.nodes()).every((node) => node.metrics.lastValue !== null),
      { withinMs: 15_000 },
    );
    await Promise.all(others.map((peer) => peer.kill("SIGKILL")));
    await allSee([survivor], names(others), "dead", 5_000);
    for (const node of await survivor.nodes()) {
      if (node.self) {
        expect(node.metrics.status).toBe("current");
        continue;
      }
      expect(node.metrics).toMatchObject({ status: "unknown", value: null, membership: "dead" });
      expect(node.metrics.lastValue).not.toBeNull();
      expect(node.metrics.ageMs).toBeGreaterThan(0);
      expect(node.board).not.toBeNull();
    }
  });

  it("loses no acknowledged write when a peer is killed while it writes", async () => {
    let [peer] = await startMesh(cleanup, 1, { meshName: "state-kill" });
    if (peer === undefined) throw new Error("One peer was started");
    let acknowledged = 0;
    for (let round = 0; round < 5; round++) {
      if (!peer.running) peer = cleanup.peer(await peer.again());
      const writer = peer;
      const have = new Set((await writer.nodes()).map((node) => node.name));
      for (let index = 0; index < acknowledged; index++) expect(have).toContain(`machine-${index}`);
      acknowledged = have.size - 1;
      // Writes one after the other until the peer dies under it.
      const killed = waitFor("some were written", () => acknowledged >= (round + 1) * 10, {
        withinMs: 20_000,
      }).then(() => writer.kill("SIGKILL"));
      for (let index = acknowledged; writer.running; index++) {
        const body = {
          address: `127.2.${Math.floor(index / 250)}.${1 + (index % 250)}`,
          name: `machine-${index}`,
        };
        const answer = await writer.send("POST", "/api/v1/nodes", body).catch(() => undefined);
        if (answer?.status === 201) acknowledged = index + 1;
      }
      await killed;
    }
    expect(acknowledged).toBeGreaterThanOrEqual(50);
  });
});
