import { silentLogger } from "@pi-controller/runtime";
import { certificateListSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { Acting } from "../use-cases.ts";
import { newKeyPair } from "./certificate-files.ts";
import { certificateUseCases } from "./certificate-use-cases.ts";
import { readCertificate } from "./read-certificate.ts";
import {
  type CertificateMesh,
  certificateMesh,
  DAY_MS,
  opensslVerify,
  PASSWORD,
  START_MS,
  startCertified,
  TestNames,
} from "./testing.ts";
import { buildRequest } from "./x509-builder.ts";

async function start(mesh: CertificateMesh) {
  const door = await startCertified(mesh, "door", ["/ip4/192.168.1.20/tcp/1"]);
  const { trust, keyring, authority } = mesh;
  const { certificates, node } = door;
  const useCases = certificateUseCases(
    { node: node.node, trust, keyring, authority, certificates, logger: silentLogger },
    { hsts: false },
  );
  return { ...door, useCases };
}

function actingAs(mesh: CertificateMesh): Acting {
  const { id, name } = mesh.authorityKey.user.user;
  return {
    address: "127.0.0.1",
    userAgent: "",
    correlationId: "c1",
    principal: {
      userId: id,
      userName: name,
      roles: ["admin"],
      rules: [],
      via: "session",
      credentialId: "s1",
      idleExpiresAt: null,
      expiresAt: null,
      canUnseal: true,
    },
  };
}

describe("the list of certificates", () => {
  it("tells of the root, of every node's authority, of this node's leaf and of who waits", async () => {
    const mesh = await certificateMesh();
    const { useCases, node } = await start(mesh);
    const gate = await mesh.admit("gate");
    const waiting = mesh.certificatesOf(gate, new TestNames("gate", []));
    await waiting.start();
    await waiting.settled();
    await waiting.stop();
    const list = certificateListSchema.parse(useCases.list());
    expect(list.items.map(({ kind, subject }) => `${kind}: ${subject}`)).toEqual([
      "root: home Pi-Controller root",
      "node-authority: door authority",
      "leaf: door",
    ]);
    expect(list.waiting).toEqual([gate.node]);
    const leaf = list.items.at(-1);
    expect(leaf).toMatchObject({ node: node.node, notAfter: new Date(START_MS + 30 * DAY_MS).toISOString() });
    expect(leaf?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(Date.parse(leaf?.renewsAt ?? "")).toBeLessThan(START_MS + 20 * DAY_MS);
    expect(useCases.rootCertificate()).toBe(mesh.rootPem);
  });

  it("holds the others' certificates when somebody asks for more than a statement holds", async () => {
    const mesh = await certificateMesh();
    const [hostile, gate] = [await mesh.admit("hostile"), await mesh.admit("gate")];
    const names = new TestNames("gate", ["/ip4/192.168.1.30/tcp/1"]);
    const certificates = mesh.certificatesOf(gate, names);
    await certificates.start();
    await certificates.settled();
    await certificates.stop();
    const label = "a".repeat(63);
    const request = {
      kind: "certificate-request",
      node: hostile.node,
      request: buildRequest("hostile", newKeyPair()),
      dnsNames: Array.from({ length: 16 }, (_, index) => `${index}.${label}.${label}.${label}.hostile.local`),
      ipAddresses: Array.from({ length: 32 }, (_, index) => `fd00::${index + 1}`),
    } as const;
    await mesh.trust.publish([mesh.trust.sign(request, [hostile.key])]);
    await mesh.authority.publishWaiting(mesh.authorityKey);
    expect([...mesh.trust.view.certificates.keys()]).toEqual([gate.node]);
  });

  it("has another leaf after a renewal that was asked for", async () => {
    const mesh = await certificateMesh();
    const { useCases } = await start(mesh);
    const before = useCases.list().items.at(-1)?.fingerprint;
    const after = (await useCases.renew(actingAs(mesh))).items.at(-1)?.fingerprint;
    expect(after).not.toBe(before);
  });
});

describe("client certificates", () => {
  const body = (mesh: CertificateMesh) => ({
    userId: mesh.authorityKey.user.user.id,
    name: "robot",
    request: buildRequest("whoever", newKeyPair()),
    expiresInDays: 90,
    password: PASSWORD,
  });

  it("are signed by the root for the user, for clients alone, and listed until revoked", async () => {
    const mesh = await certificateMesh();
    const { useCases } = await start(mesh);
    const acting = actingAs(mesh);
    const issued = await useCases.issueClientCertificate(body(mesh), acting);
    const [own = "", root] = issued.certificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(root).toBe(mesh.rootPem);
    expect(readCertificate(own)).toMatchObject({
      commonName: "ada",
      fingerprint: issued.fingerprint,
      notAfterMs: START_MS + 90 * DAY_MS,
    });
    expect(opensslVerify(own, mesh.rootPem, START_MS, ["-purpose", "sslclient"])).toBe("OK");
    expect(opensslVerify(own, mesh.rootPem, START_MS, ["-purpose", "sslserver"])).not.toBe("OK");
    expect(useCases.clientCertificates(acting, false)).toMatchObject([{ userName: "ada", state: "valid" }]);
    await useCases.revokeClientCertificate(issued.fingerprint, { password: PASSWORD }, acting);
    expect(useCases.clientCertificates(acting, true)).toMatchObject([{ state: "revoked" }]);
    expect(mesh.trust.view.clientCertificates.get(issued.fingerprint)?.revoked).toBe(true);
  });

  it("have the requests of waiting nodes signed by the way", async () => {
    const mesh = await certificateMesh();
    const { useCases } = await start(mesh);
    const gate = await mesh.admit("gate");
    const waiting = mesh.certificatesOf(gate, new TestNames("gate", []));
    await waiting.start();
    await waiting.settled();
    await useCases.issueClientCertificate(body(mesh), actingAs(mesh));
    await waiting.settled();
    expect(waiting.served().authority?.commonName).toBe("gate authority");
    await waiting.stop();
  });

  it("are refused without the password, for nobody, and for what is no request", async () => {
    const mesh = await certificateMesh();
    const { useCases } = await start(mesh);
    const acting = actingAs(mesh);
    const issue = (change: object) => useCases.issueClientCertificate({ ...body(mesh), ...change }, acting);
    await expect(issue({ password: "wrong wrong wrong" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(issue({ userId: "user-0000000000000000" })).rejects.toMatchObject({
      details: { fields: [{ field: "userId" }] },
    });
    await expect(issue({ request: "none" })).rejects.toMatchObject({
      details: { fields: [{ field: "request" }] },
    });
    await expect(
      useCases.revokeClientCertificate("0".repeat(64), { password: PASSWORD }, acting),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(mesh.trust.view.clientCertificates.size).toBe(0);
  });

  it("end with the root at the latest", async () => {
    const mesh = await certificateMesh();
    const { useCases } = await start(mesh);
    const root = readCertificate(mesh.rootPem);
    mesh.clock.jumpTo(root.notAfterMs - 30 * DAY_MS);
    const issued = await useCases.issueClientCertificate(body(mesh), actingAs(mesh));
    expect(Date.parse(issued.expiresAt)).toBe(root.notAfterMs);
  });
});
