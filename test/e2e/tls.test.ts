import { execSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { logIn, nodeOf } from "../support/acts.ts";
import { askFrom, connectTls, runNode, sendTo } from "../support/from-host.ts";
import { startMeshOn, startOn } from "../support/hosts.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { Cleanup, type PeerProcess } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const STRANGER = fileURLToPath(new URL("../support/stranger-program.ts", import.meta.url));

const ENROLMENT = "/pi-controller/pending/request/1";
const PROTOCOLS = [
  "/meshsub/1.2.0",
  "/ipfs/id/1.0.0",
  "/ipfs/ping/1.0.0",
  "/pi-controller/mesh/request/1",
  ENROLMENT,
];

/** Dials a peer from a host with a libp2p of its own, and tries to speak all that peers speak. */
async function dialAsStranger(from: Host, address: string): Promise<unknown> {
  return JSON.parse(await runNode(from, [STRANGER, address, ...PROTOCOLS])) as unknown;
}

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

describe.skipIf(skipWithout(capabilities.namespaces))("what another machine gets of a peer on a LAN", () => {
  let hosts: ReadonlyMap<string, Host>;
  let laptop: Host;
  let first: PeerProcess;
  let second: PeerProcess;
  /** On the laptop, and in no mesh. */
  let unclaimed: PeerProcess;
  beforeAll(async () => {
    const lan = new Ethernet();
    cleanup.add(() => lan.remove());
    hosts = new Map(["pi-a", "pi-b"].map((name) => [name, lan.addHost(name)]));
    laptop = lan.addHost("laptop");
    const peers = await startMeshOn(cleanup, hosts, { meshName: "lan" });
    [first, second] = peers as [PeerProcess, PeerProcess];
    unclaimed = await startOn(cleanup, laptop, "pi-c");
  });

  const addressOf = (peer: PeerProcess) => hosts.get(peer.name)?.address ?? "";
  const apiPortOf = (peer: PeerProcess) => Number(new URL(peer.url).port);
  const meshPortOf = (peer: PeerProcess) => Number(/\/tcp\/(\d+)/.exec(peer.meshAddress)?.[1]);
  const at = (peer: PeerProcess) => ({ host: addressOf(peer), port: apiPortOf(peer) });
  const secure = (peer: PeerProcess, path: string) =>
    askFrom(laptop, `https://${addressOf(peer)}:${apiPortOf(peer)}${path}`);

  it("is sent from plain HTTP to HTTPS, whatever it asks for and says", async () => {
    const origin = `${addressOf(first)}:${apiPortOf(first)}`;
    for (const path of ["/", "/api/v1/nodes?limit=1", "/healthz"]) {
      const answer = await askFrom(laptop, `http://${origin}${path}`);
      expect(answer).toMatchObject({ status: 308, headers: { location: `https://${origin}${path}` } });
    }
    const authorization = `Bearer ${first.access.apiToken}`;
    const withToken = await askFrom(laptop, `http://${origin}/api/v1/nodes`, { headers: { authorization } });
    expect(withToken.status).toBe(308);
    expect(withToken.text).toBe("");
  });

  it("is refused TLS 1.2", async () => {
    const refused = { ...at(first), minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
    const outcome = await connectTls(laptop, refused);
    expect(outcome.protocol).toBeNull();
    expect(outcome.problem).toMatch(/PROTOCOL_VERSION/);
    expect((await connectTls(laptop, at(first))).protocol).toBe("TLSv1.3");
  });

  it("can verify every node by name and by address, once an admin has logged in anywhere", async () => {
    const ca = (await secure(first, "/root.pem")).text;
    const trusted = { protocol: "TLSv1.3", problem: null };
    expect(await connectTls(laptop, { ...at(first), ca })).toMatchObject(trusted);
    // It joined by a token, which cannot sign certificates.
    expect(await connectTls(laptop, { ...at(second), ca })).not.toMatchObject(trusted);
    await logIn(first, first.access);
    await waitFor(
      "pi-b serves a certificate of the mesh",
      async () => (await connectTls(laptop, { ...at(second), ca })).problem === null,
      { withinMs: 15_000, everyMs: 250 },
    );
    for (const peer of [first, second]) {
      for (const servername of [peer.name, `${peer.name}.local`]) {
        expect(await connectTls(laptop, { ...at(peer), ca, servername })).toMatchObject(trusted);
      }
    }
    const asFirst = await connectTls(laptop, { ...at(second), ca, servername: "pi-a.local" });
    expect(asFirst.problem).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("is told nothing without credentials but what is public", async () => {
    for (const path of ["/api/v1/nodes", "/api/v1/mesh", "/api/v1/events", "/api/v1/audit", "/metrics"]) {
      const { status, text } = await secure(first, path);
      expect(status, path).toBe(401);
      expect(text).not.toContain("pi-b");
    }
    const authorization = `Bearer ${first.access.apiToken}`;
    const url = `https://${addressOf(first)}:${apiPortOf(first)}/api/v1/nodes`;
    expect((await askFrom(laptop, url, { headers: { authorization } })).status).toBe(200);
  });

  it("hears nothing on the mesh port, whatever it says there", async () => {
    const target = { host: addressOf(first), port: meshPortOf(first) };
    const libp2pGreeting = Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n");
    for (const bytes of [libp2pGreeting, Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(65_536, 7)]) {
      const { received, closedAfterMs } = await sendTo(laptop, target, bytes);
      expect(received).toBe(0);
      expect(closedAfterMs).toBeLessThan(5_000);
    }
    const address = `/ip4/${target.host}/tcp/${target.port}/p2p/${await nodeOf(first)}`;
    expect(await dialAsStranger(laptop, address)).toEqual({ connected: false, spoken: [] });
  });

  it("can speak with a peer that belongs to no mesh of its enrolment alone", async () => {
    const address = `/ip4/${laptop.address}/tcp/${meshPortOf(unclaimed)}/p2p/${await nodeOf(unclaimed)}`;
    const from = hosts.get("pi-a") ?? laptop;
    expect(await dialAsStranger(from, address)).toEqual({ connected: true, spoken: [ENROLMENT] });
  });

  it("finds three open ports: the API, the mesh and multicast DNS", async () => {
    for (const [peer, host] of [
      [first, hosts.get("pi-a")],
      [unclaimed, laptop],
    ] as const) {
      const command = [...(host?.wrapper ?? []), "ss", "-lntuH"].join(" ");
      const open = execSync(command, { encoding: "utf8" })
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .flatMap(([protocol, , , , local = ""]) => (local === "" ? [] : [`${protocol} ${local}`]));
      expect(new Set(open), `of ${peer.name}: ${open.join(", ")}`).toEqual(
        new Set([`tcp 0.0.0.0:${apiPortOf(peer)}`, `tcp 0.0.0.0:${meshPortOf(peer)}`, "udp 0.0.0.0:5353"]),
      );
    }
  });
});
