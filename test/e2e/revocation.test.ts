import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { nodeOf, revoke } from "../support/acts.ts";
import { startMeshOn } from "../support/hosts.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { allSee, Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { hasSecretAlone, secretEpochs } from "../support/secret-epochs.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.skipIf(skipWithout(capabilities.namespaces))("a node that is revoked while cables are out", () => {
  it("is refused by a member that was cut off as well, once that has heard of it", async () => {
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const hosts = new Map(["pi-a", "pi-b", "pi-c", "pi-d"].map((name) => [name, ethernet.addHost(name)]));
    const peers = await startMeshOn(cleanup, hosts, { meshName: "revoked" });
    const [first, second, revoked, away] = peers as [PeerProcess, PeerProcess, PeerProcess, PeerProcess];
    const hostOf = (peer: PeerProcess) => hosts.get(peer.name) as Host;
    const node = await nodeOf(revoked);
    const hasIt = async (peer: PeerProcess) => (await peer.nodes()).some(({ id }) => id === node);

    expect(secretEpochs(cleanup, away)).toEqual([1]);
    // The revoked one will not find the other by multicast any more: its marks are made of the mesh secret.
    await waitFor(
      "pi-c knows where pi-d is",
      async () =>
        (await revoked.nodes()).some(({ name, addresses }) => name === "pi-d" && addresses.length > 0),
      { withinMs: 10_000 },
    );
    for (const peer of [revoked, away]) hostOf(peer).cut();
    await revoke(first, node);
    for (const peer of [first, second]) {
      await waitFor(`${peer.name} has put it out`, async () => !(await hasIt(peer)), { withinMs: 5_000 });
    }
    // Nobody could tell these two.
    expect(await hasIt(away)).toBe(true);
    expect((await revoked.session()).state).toBe("member");

    hostOf(away).plug();
    await allSee([first, second, away], ["pi-a", "pi-b", "pi-d"], "alive", 40_000);
    await waitFor("pi-d has put it out", async () => !(await hasIt(away)), { withinMs: 5_000 });
    for (const peer of [first, second, away]) await hasSecretAlone(cleanup, peer, 2);

    // Now the revoked one meets nobody but the one that was away, with all that it knew before.
    for (const peer of [first, second]) hostOf(peer).cut();
    hostOf(revoked).plug();
    // It is turned away, and asks why, as it has done again and again meanwhile, after growing pauses.
    const letIn: string[] = [];
    await waitFor(
      "the revoked one has heard of it, from a member that knows it from others",
      async () => {
        const { connections } = await away.mesh();
        if (connections.some((connection) => connection.node === node)) letIn.push("connected");
        if (await hasIt(away)) letIn.push("listed");
        return (await revoked.session()).state === "unclaimed";
      },
      { withinMs: 120_000, everyMs: 250 },
    );
    expect(letIn).toEqual([]);
  });
});
