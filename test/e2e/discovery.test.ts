import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createJoinToken } from "../../scripts/mesh-setup.ts";
import { capabilities, skipWithout } from "../capabilities.ts";
import { joinsByItself, startMeshOn, startOn } from "../support/hosts.ts";
import { Ethernet } from "../support/namespaces.ts";
import { allSee, Cleanup } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const NAMES = ["pi-a", "pi-b", "pi-c", "pi-d", "pi-e"];

function ethernet(options?: { readonly multicast: boolean }): Ethernet {
  const made = new Ethernet(options);
  cleanup.add(() => made.remove());
  return made;
}

describe.skipIf(skipWithout(capabilities.namespaces))("peers on one Ethernet without a default route", () => {
  it("join by a token on their cards with nobody's hand on them, and find each other by mDNS alone", async () => {
    const lan = ethernet();
    const hosts = new Map(NAMES.map((name) => [name, lan.addHost(name)]));
    const peers = await startMeshOn(cleanup, hosts, { meshName: "plug-in" });
    for (const peer of peers) {
      const { discovery } = await peer.mesh();
      expect(discovery.filter(({ status }) => status === "active").map((entry) => entry.interface)).toContain(
        "eth0",
      );
    }
    // The token is gone from the card, so that whoever takes the card later admits nobody with it.
    for (const { dataDirectory } of peers) {
      expect(existsSync(join(dataDirectory, "..", "join-token"))).toBe(false);
    }
  });

  it("are admitted in their time when they were plugged in before there was a mesh", async () => {
    const lan = ethernet();
    const first = await startOn(cleanup, lan.addHost("pi-a"), "pi-a");
    const access = await first.claim("late");
    const joinToken = await createJoinToken((path, init) => first.request(path, init), access);
    await first.kill("SIGTERM");
    const early = await startOn(cleanup, lan.addHost("pi-b"), "pi-b", { joinToken, access });
    expect((await early.session()).state).toBe("unclaimed");
    const again = cleanup.peer(await first.again(["--listen", "0.0.0.0", "--mdns"]));
    await joinsByItself(early);
    await allSee([again, early], ["pi-a", "pi-b"], "alive", 30_000);
  });

  it("join by token and address where there is no multicast, and the log says why mDNS found nobody", async () => {
    const lan = ethernet({ multicast: false });
    const [firstHost, ...otherHosts] = NAMES.map((name) => lan.addHost(name));
    if (firstHost === undefined) throw new Error("There is no first host");
    // As they are when nobody says otherwise.
    const ports = ["--port", "8080", "--mesh-port", "4101"];
    const first = await startOn(cleanup, firstHost, "pi-a", { flags: ports });
    const access = await first.claim("no-multicast");
    const joinToken = await createJoinToken((path, init) => first.request(path, init), access);
    // Alone, and told why.
    await waitFor("the log says that nobody answered", () => first.log.includes("No peer answered by mDNS"), {
      withinMs: 30_000,
    });
    expect(first.log).toContain("--join");
    const others = await Promise.all(
      otherHosts.map(async (host, index) => {
        const flags = [...ports, "--join", firstHost.address];
        const peer = await startOn(cleanup, host, NAMES[index + 1] ?? "", { joinToken, access, flags });
        await joinsByItself(peer);
        return peer;
      }),
    );
    await allSee([first, ...others], NAMES, "alive", 30_000);
  });
});
