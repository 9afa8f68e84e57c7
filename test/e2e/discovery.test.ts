import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { allSee, Cleanup, PeerProcess } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const NAMES = ["pi-a", "pi-b", "pi-c", "pi-d", "pi-e"];

async function startOn(host: Host, name: string, flags: readonly string[] = []): Promise<PeerProcess> {
  const peer = await PeerProcess.start({
    name,
    dataDirectory: cleanup.temporaryDirectory(),
    flags: ["--listen", "0.0.0.0", "--unsafe-listen-without-authentication", ...flags],
    wrapper: host.wrapper,
    fetchJson: host.fetchJson,
  });
  return cleanup.peer(peer);
}

describe.skipIf(skipWithout(capabilities.namespaces))("peers on one Ethernet without a default route", () => {
  it("find each other by mDNS alone, and are all alive everywhere", async () => {
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const peers = await Promise.all(NAMES.map((name) => startOn(ethernet.addHost(name), name)));
    await allSee(peers, NAMES, "alive", 30_000);
    for (const peer of peers) {
      const { discovery } = await peer.mesh();
      expect(discovery.filter(({ status }) => status === "active").map((entry) => entry.interface)).toContain(
        "eth0",
      );
    }
  });

  it("join by address where there is no multicast, and the log says why mDNS found nobody", async () => {
    const ethernet = new Ethernet({ multicast: false });
    cleanup.add(() => ethernet.remove());
    const [firstHost, ...otherHosts] = NAMES.map((name) => ethernet.addHost(name));
    if (firstHost === undefined) throw new Error("There is no first host");
    const first = await startOn(firstHost, "pi-a", ["--mesh-port", "4101"]);
    // Alone, and told why.
    await waitFor("the log says that nobody answered", () => first.log.includes("No peer answered by mDNS"), {
      withinMs: 30_000,
    });
    expect(first.log).toContain("--join");
    const others = await Promise.all(
      otherHosts.map((host, index) => startOn(host, NAMES[index + 1] ?? "", ["--join", firstHost.address])),
    );
    await allSee([first, ...others], NAMES, "alive", 30_000);
  });
});
