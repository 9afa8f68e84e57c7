import { cpSync } from "node:fs";
import { join } from "node:path";
import { TrustStore } from "@pi-controller/security";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { nodeOf, revoke } from "../support/acts.ts";
import { startMeshOn } from "../support/hosts.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { allSee, Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Numbers of the mesh secrets that a peer lets others in with, read from a copy of its data. */
function secretEpochs(peer: PeerProcess): number[] {
  const copy = join(cleanup.temporaryDirectory(), "data");
  cpSync(peer.dataDirectory, copy, { recursive: true });
  const store = TrustStore.open(copy);
  const epochs = (store?.secrets() ?? []).map(({ epoch }) => epoch);
  store?.close();
  return epochs;
}

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

    expect(secretEpochs(away)).toEqual([1]);
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
    for (const peer of [first, second, away]) {
      // It may be read while it is being written: another time, then.
      await waitFor(`${peer.name} has the new mesh secret alone`, () => String(secretEpochs(peer)) === "2", {
        withinMs: 15_000,
        everyMs: 500,
      });
    }

    // Now the revoked one meets nobody but the one that was away, with all that it knew before.
    for (const peer of [first, second]) hostOf(peer).cut();
    hostOf(revoked).plug();
    const pluggedAtMs = performance.now();
    await waitFor(
      "the revoked one has tried for some time",
      async () => {
        expect(await hasIt(away)).toBe(false);
        const session = await revoked.session();
        if (session.state === "member") expect(await revoked.stateOf("pi-d")).not.toBe("alive");
        return performance.now() - pluggedAtMs > 12_000;
      },
      { withinMs: 20_000, everyMs: 250 },
    );
  });
});
