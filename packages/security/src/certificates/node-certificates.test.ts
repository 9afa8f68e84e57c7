import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it, onTestFinished } from "vitest";
import { testNode } from "../crypto/testing.ts";
import { waitingRequests } from "./certificate-authority.ts";
import { firstCertificate } from "./first-certificate.ts";
import { NodeCertificates } from "./node-certificates.ts";
import {
  type CertificateMesh,
  type Certified,
  certificateMesh,
  DAY_MS,
  START_MS,
  startCertified,
  TestNames,
  temporaryDirectory,
} from "./testing.ts";

const HOUR_MS = 3_600_000;

async function pass(
  mesh: CertificateMesh,
  certificates: NodeCertificates,
  durationMs: number,
): Promise<void> {
  await mesh.clock.advance(durationMs);
  await certificates.settled();
}

describe("NodeCertificates of a member", () => {
  it("serves a self-signed certificate until its authority is certified, then a leaf of that", async () => {
    const mesh = await certificateMesh();
    const door = await mesh.admit("door");
    const certificates = mesh.certificatesOf(door, new TestNames("door", ["/ip4/192.168.1.20/tcp/1"]));
    let changes = 0;
    certificates.observe(() => changes++);
    await certificates.start();
    onTestFinished(() => certificates.stop());
    await certificates.settled();
    expect(certificates.served()).toMatchObject({
      authority: undefined,
      leaf: { names: { dnsNames: ["door", "door.local", "localhost"] } },
    });
    expect(mesh.trust.view.certificateRequests.get(door.node)).toMatchObject({
      version: 1,
      dnsNames: ["door", "door.local"],
      ipAddresses: ["192.168.1.20"],
    });
    await mesh.authority.publishWaiting(mesh.authorityKey);
    await certificates.settled();
    expect(certificates.served().authority?.commonName).toBe("door authority");
    expect(certificates.secureContext().ca).toBe(mesh.rootPem);
    expect(changes).toBe(2);
  });

  it("keeps its keys to itself and across a restart", async () => {
    const mesh = await certificateMesh();
    const { certificates, directory, node, names } = await startCertified(mesh, "door", []);
    for (const file of ["node-authority.key", "tls-leaf.pem"]) {
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    }
    const before = certificates.secureContext();
    await certificates.stop();
    const again = mesh.certificatesOf(node, names, directory);
    await again.start();
    onTestFinished(() => again.stop());
    await again.settled();
    expect(again.secureContext()).toEqual(before);
    expect(mesh.trust.view.certificateRequests.get(node.node)?.version).toBe(1);
    const leaf = new X509Certificate(before.cert);
    expect(leaf.checkPrivateKey(createPrivateKey(before.key))).toBe(true);
    expect(
      leaf.publicKey.equals(new X509Certificate(certificates.served().authority?.pem ?? "").publicKey),
    ).toBe(false);
  });

  it("makes a new leaf when the file of the old one is damaged, and stops at a damaged key", async () => {
    const mesh = await certificateMesh();
    const { certificates, directory, node, names } = await startCertified(mesh, "door", []);
    await certificates.stop();
    writeFileSync(join(directory, "tls-leaf.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n", { mode: 0o600 });
    const again = mesh.certificatesOf(node, names, directory);
    await again.start();
    expect(again.served().authority).toBeDefined();
    await again.stop();
    writeFileSync(join(directory, "node-authority.key"), "nothing", { mode: 0o600 });
    await expect(mesh.certificatesOf(node, names, directory).start()).rejects.toMatchObject({
      code: "DATA_LOSS",
    });
  });

  it("asks anew once its names have changed for good, and serves what is certified meanwhile", async () => {
    const mesh = await certificateMesh();
    const { certificates, names, node } = await startCertified(mesh, "door", [
      "/ip4/192.168.1.20/tcp/1",
      "/ip4/10.0.0.1/tcp/1",
    ]);
    names.rename("door", ["/ip4/192.168.1.21/tcp/1", "/ip4/10.0.0.1/tcp/1"]);
    await pass(mesh, certificates, 10_000);
    expect(certificates.served().leaf.names.ipAddresses).toEqual(["10.0.0.1", "127.0.0.1", "::1"]);
    expect(certificates.served().authority).toBeDefined();
    expect(mesh.trust.view.certificateRequests.get(node.node)?.version).toBe(1);
    await pass(mesh, certificates, HOUR_MS);
    expect(mesh.trust.view.certificateRequests.get(node.node)).toMatchObject({
      version: 2,
      ipAddresses: ["10.0.0.1", "192.168.1.21"],
    });
    await mesh.authority.publishWaiting(mesh.authorityKey);
    await certificates.settled();
    expect(certificates.served().leaf.names.ipAddresses).toContain("192.168.1.21");
  });

  it("takes no certificate for another key than its own", async () => {
    const mesh = await certificateMesh();
    const door = await startCertified(mesh, "door", []);
    const gate = await startCertified(mesh, "gate", []);
    const stolen = mesh.trust.view.certificates.get(gate.node.node)?.certificate ?? "";
    const entry = {
      kind: "certificate",
      node: door.node.node,
      requestVersion: 1,
      certificate: stolen,
    } as const;
    await mesh.trust.publish([mesh.trust.sign(entry, [mesh.authorityKey])]);
    await door.certificates.settled();
    expect(door.certificates.served().authority).toBeUndefined();
  });

  it("renews at once when asked to, and tells of it", async () => {
    const mesh = await certificateMesh();
    const { certificates } = await startCertified(mesh, "door", []);
    const before = certificates.served().leaf.fingerprint;
    mesh.renewals.length = 0;
    await certificates.renew();
    expect(certificates.served().leaf.fingerprint).not.toBe(before);
    expect(mesh.renewals).toEqual([new Date(START_MS + 30 * DAY_MS).toISOString()]);
  });
});

describe("renewal over a year", () => {
  /** Whether what is served now is valid now, with a third of its life left but for the time between checks. */
  function expectFresh(mesh: CertificateMesh, { certificates }: Pick<Certified, "certificates">): void {
    const { leaf, authority } = certificates.served();
    const nowMs = mesh.clock.now();
    expect(authority).toBeDefined();
    expect(leaf.notBeforeMs).toBeLessThanOrEqual(nowMs);
    expect(leaf.notAfterMs - nowMs).toBeGreaterThan(9 * DAY_MS);
  }

  it("never serves an expired certificate while the node is on, however long it was off", async () => {
    const mesh = await certificateMesh();
    const { certificates: first, directory, node, names } = await startCertified(mesh, "door", []);
    await first.stop();
    const random = seededRandom(20_261_121);
    const served = new Set<string>();
    const endMs = START_MS + 365 * DAY_MS;
    while (mesh.clock.now() < endMs) {
      const certificates = mesh.certificatesOf(node, names, directory);
      await certificates.start();
      expectFresh(mesh, { certificates });
      const onUntilMs = mesh.clock.now() + random.next() * 60 * DAY_MS;
      while (mesh.clock.now() < onUntilMs) {
        await pass(mesh, certificates, 6 * HOUR_MS);
        expectFresh(mesh, { certificates });
        served.add(certificates.served().leaf.fingerprint);
      }
      await certificates.stop();
      // Off: for hours, or for months.
      await mesh.clock.advance(random.next() ** 3 * 100 * DAY_MS);
    }
    expect(served.size, `seed 20261121, ${served.size} certificates`).toBeGreaterThan(8);
    expect(served.size).toBeLessThan(40);
  });

  it("keeps up when the clock is set, forth or back", async () => {
    const mesh = await certificateMesh();
    const certified = await startCertified(mesh, "door", []);
    const { certificates } = certified;
    mesh.clock.jumpTo(START_MS + 200 * DAY_MS);
    await pass(mesh, certificates, HOUR_MS);
    expectFresh(mesh, certified);
    // The trust never goes back behind what was stated, but it was stated at the start: 150 days are believed.
    mesh.clock.jumpTo(START_MS + 50 * DAY_MS);
    await pass(mesh, certificates, HOUR_MS);
    const { leaf } = certificates.served();
    const nowMs = mesh.trust.now();
    expect(leaf.notBeforeMs).toBeLessThanOrEqual(nowMs);
    expect(leaf.notAfterMs).toBeGreaterThan(nowMs);
  });
});

describe("the first certificate of a mesh", () => {
  it("is made while the mesh is, and taken by the node when that is a member", async () => {
    const mesh = await certificateMesh();
    const first = testNode("first");
    const directory = temporaryDirectory();
    const names = new TestNames("first", ["/ip4/192.168.1.1/tcp/1", "/ip4/8.8.8.8/tcp/1"]);
    const now = () => mesh.clock.now();
    const unclaimed = new NodeCertificates(
      { clock: mesh.clock, logger: silentLogger, names, now },
      { directory },
    );
    await unclaimed.start();
    await unclaimed.stop();
    const components = {
      certificates: unclaimed,
      nodeKey: first.key,
      nodeName: "first",
      now,
      logger: silentLogger,
    };
    const founded = { authority: mesh.authorityKey, envelopes: mesh.trust.envelopes() };
    await mesh.trust.publish(await firstCertificate(components, founded));
    const member = mesh.certificatesOf(first, names, directory);
    await member.start();
    onTestFinished(() => member.stop());
    expect(member.served().authority?.commonName).toBe("first authority");
    expect(member.served().leaf.names.ipAddresses).toEqual(["192.168.1.1", "127.0.0.1", "::1"]);
    expect(waitingRequests(mesh.trust.view)).toEqual([]);
  });
});

describe("NodeCertificates of a node that belongs to no mesh", () => {
  it("serves a self-signed certificate, renews it, and makes the request it joins a mesh with", async () => {
    const clock = new VirtualClock(START_MS);
    const names = new TestNames("door", []);
    const directory = temporaryDirectory();
    const certificates = new NodeCertificates(
      { clock, logger: silentLogger, names, now: () => clock.now() },
      { directory, checkIntervalMs: HOUR_MS },
    );
    await certificates.start();
    onTestFinished(() => certificates.stop());
    expect(certificates.secureContext().ca).toBeUndefined();
    await clock.advance(25 * DAY_MS);
    await certificates.settled();
    expect(certificates.served().leaf.notAfterMs).toBeGreaterThan(START_MS + 40 * DAY_MS);

    const mesh = await certificateMesh();
    const door = await mesh.admit("door");
    await mesh.trust.publish([await certificates.certificateRequest(door.node, door.key)]);
    await mesh.authority.publishWaiting(mesh.authorityKey);
    await certificates.stop();
    const member = mesh.certificatesOf(door, names, directory);
    await member.start();
    onTestFinished(() => member.stop());
    await member.settled();
    expect(member.served().authority?.commonName).toBe("door authority");
    expect(mesh.trust.view.certificateRequests.get(door.node)?.version).toBe(1);
    expect(readFileSync(join(directory, "tls-leaf.pem"), "utf8").match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });
});
