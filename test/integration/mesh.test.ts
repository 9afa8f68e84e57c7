import { afterEach, describe, expect, it } from "vitest";
import { allSee, Cleanup, startMesh } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("a mesh of real peers", () => {
  it("shows every node with its board and current metrics on every peer", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "mesh-shows" });
    for (const peer of peers) {
      await waitFor(
        `${peer.name} has metrics of all`,
        async () =>
          (await peer.nodes()).every((node) => node.metrics.status === "current" && node.board !== null),
        { withinMs: 15_000 },
      );
      const nodes = await peer.nodes();
      expect(nodes.map((node) => node.name)).toEqual(["pi-a", "pi-b", "pi-c"]);
      expect(nodes.filter((node) => node.self).map((node) => node.name)).toEqual([peer.name]);
    }
  });

  it("knows within a second when a peer was killed, and knows it as the same one when it is back", async () => {
    const peers = await startMesh(cleanup, 5, { meshName: "mesh-kill" });
    const victim = peers[4];
    const others = peers.slice(0, 4);
    if (victim === undefined) throw new Error("Five peers were started");
    const before = (await others[0]?.nodes())?.find((node) => node.name === victim.name);

    await victim.kill("SIGKILL");
    await allSee(others, [victim.name], "dead", 1_000);

    const again = cleanup.peer(await victim.again());
    await allSee([...others, again], [victim.name], "alive", 20_000);
    const after = (await others[0]?.nodes())?.find((node) => node.name === victim.name);
    expect(after?.id).toBe(before?.id);
    expect(after?.membership.bootEpoch).toBeGreaterThan(before?.membership.bootEpoch ?? 0);
    expect(await others[0]?.nodes()).toHaveLength(5);
  });

  it("knows when a peer has stopped answering, and takes it back when it goes on", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "mesh-stop" });
    const victim = peers[2];
    const others = peers.slice(0, 2);
    if (victim === undefined) throw new Error("Three peers were started");
    victim.signal("SIGSTOP");
    await allSee(others, [victim.name], "dead", 15_000);
    victim.signal("SIGCONT");
    await allSee(
      peers,
      peers.map(({ name }) => name),
      "alive",
      20_000,
    );
  });

  it("is told when a peer leaves in good order", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "mesh-leave" });
    const [first, second, leaver] = peers;
    if (first === undefined || second === undefined || leaver === undefined)
      throw new Error("Three were started");
    expect(await leaver.kill("SIGTERM")).toBe(0);
    await allSee([first, second], ["pi-c"], "left", 1_000);
    const { items } = (await first.request("/api/v1/events?type=cluster.node.*")).body as {
      items: { type: string }[];
    };
    expect(items.map(({ type }) => type)).toContain("cluster.node.left");
    expect(items.map(({ type }) => type)).not.toContain("cluster.node.suspected");
  });

  it("forgets a dead node that is revoked, and lets nobody remove a member otherwise", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "mesh-remove" });
    const [first, second, victim] = peers;
    if (first === undefined || second === undefined || victim === undefined)
      throw new Error("Three were started");
    const id = (await first.nodes()).find((node) => node.name === victim.name)?.id ?? "";
    const remove = () => first.request(`/api/v1/nodes/${id}`, { method: "DELETE" });
    expect(await remove()).toMatchObject({ status: 412, body: { code: "FAILED_PRECONDITION" } });
    await victim.kill("SIGKILL");
    await allSee([first, second], [victim.name], "dead", 5_000);
    expect(await remove()).toMatchObject({ status: 412, body: { code: "FAILED_PRECONDITION" } });
    const { password } = first.access;
    const revoked = await first.send("POST", `/api/v1/nodes/${id}/revoke`, { password });
    expect(revoked.status).toBe(204);
    for (const peer of [first, second]) {
      await waitFor(`${peer.name} forgets it`, async () => (await peer.nodes()).length === 2, {
        withinMs: 5_000,
      });
    }
    expect((await second.request(`/api/v1/nodes/${id}`)).status).toBe(404);
  });
});
