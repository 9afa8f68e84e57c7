import { createPrivateKey, createPublicKey } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkServerIdentity, connect, createServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { newKeyPair, pemOf } from "./certificate-files.ts";
import type { CertificateNames } from "./certificate-names.ts";
import { leafTemplate } from "./profiles.ts";
import { readCertificate } from "./read-certificate.ts";
import { type Certified, certificateMesh, opensslVerify, startCertified } from "./testing.ts";
import { buildCertificate } from "./x509-builder.ts";

const NOW_MS = Date.now();
const ADDRESSES = ["/ip4/192.168.1.20/tcp/4101", "/ip6/fd00::20/tcp/4101", "/ip4/127.0.0.1/tcp/4101"];

/** What a client of TLS 1.3 says to a server with this certificate: `OK`, or why not. */
async function nodeVerify(
  context: { readonly key: string; readonly cert: string },
  ca: string,
  servername: string,
): Promise<string> {
  const server = createServer({ ...context, minVersion: "TLSv1.3" });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: "127.0.0.1", ca, checkServerIdentity: () => undefined });
  try {
    await once(socket, "secureConnect");
    return checkServerIdentity(servername, socket.getPeerCertificate())?.message ?? "OK";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket.destroy();
  }
}

describe("the chain of a node's certificate", () => {
  it("is accepted for each of its names and addresses, by OpenSSL and by Node", async () => {
    const mesh = await certificateMesh(NOW_MS);
    const { certificates } = await startCertified(mesh, "door-1", ADDRESSES);
    const { key, cert } = certificates.secureContext();
    expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    for (const name of ["door-1", "door-1.local", "localhost"]) {
      expect(
        opensslVerify(cert, mesh.rootPem, NOW_MS, ["-purpose", "sslserver", "-verify_hostname", name]),
      ).toBe("OK");
      expect(await nodeVerify({ key, cert }, mesh.rootPem, name)).toBe("OK");
    }
    for (const address of ["192.168.1.20", "fd00::20", "127.0.0.1", "::1"]) {
      expect(
        opensslVerify(cert, mesh.rootPem, NOW_MS, ["-purpose", "sslserver", "-verify_ip", address]),
      ).toBe("OK");
      expect(await nodeVerify({ key, cert }, mesh.rootPem, address)).toBe("OK");
    }
  });

  it("says what each certificate is for, and no more", async () => {
    const mesh = await certificateMesh(NOW_MS);
    const { certificates } = await startCertified(mesh, "door", ADDRESSES);
    const { leaf, authority } = certificates.served();
    const root = readCertificate(mesh.rootPem);
    expect([root.isAuthority, authority?.isAuthority, leaf.isAuthority]).toEqual([true, true, false]);
    expect(root.commonName).toBe("home Pi-Controller root");
    expect(root.parsed.serialNumber).toMatch(/^[0-9A-F]{32}$/);
    expect(authority?.notAfterMs).toBe(root.notAfterMs);
    expect(opensslVerify(leaf.pem + authority?.pem, mesh.rootPem, NOW_MS, ["-purpose", "sslclient"])).toMatch(
      /unsuitable certificate purpose/,
    );
  });

  it.each([
    ["a foreign name", { dnsNames: ["bank.example"], ipAddresses: [] }],
    ["what may be a top-level domain", { dnsNames: ["bank.door"], ipAddresses: [] }],
    ["another node's name", { dnsNames: ["gate.local"], ipAddresses: [] }],
    ["a foreign address", { dnsNames: ["door.local"], ipAddresses: ["192.168.1.21"] }],
    ["a foreign address of IPv6", { dnsNames: ["door.local"], ipAddresses: ["fd00::21"] }],
  ])("is refused for %s, by OpenSSL and by Node", async (_, names) => {
    const mesh = await certificateMesh(NOW_MS);
    const certified = await startCertified(mesh, "door", ["/ip4/192.168.1.20/tcp/4101"]);
    const forged = forge(certified, names);
    expect(opensslVerify(forged.cert, mesh.rootPem, NOW_MS)).toMatch(/permitted subtree violation/);
    expect(await nodeVerify(forged, mesh.rootPem, "door.local")).toBe("permitted subtree violation");
  });

  it("shuts out every address of both kinds but the loopback where a node has none", async () => {
    const mesh = await certificateMesh(NOW_MS);
    const certified = await startCertified(mesh, "door", []);
    for (const address of ["10.0.0.1", "fd00::1"]) {
      const forged = forge(certified, { dnsNames: ["door.local"], ipAddresses: [address] });
      expect(opensslVerify(forged.cert, mesh.rootPem, NOW_MS)).toMatch(/permitted subtree violation/);
    }
    const own = forge(certified, { dnsNames: ["door.local", "sub.door.local"], ipAddresses: [] });
    expect(opensslVerify(own.cert, mesh.rootPem, NOW_MS)).toBe("OK");
  });

  it("does not reach below a node's authority", async () => {
    const mesh = await certificateMesh(NOW_MS);
    const { authority, issuer } = issuerOf(await startCertified(mesh, "door", []));
    const below = newKeyPair();
    const names = { dnsNames: ["door"], ipAddresses: [] };
    const second = buildCertificate(
      {
        ...leafTemplate({ name: "second", key: below.publicKey, names }, NOW_MS),
        authority: { pathLength: 0 },
      },
      issuer,
    );
    const leaf = newKeyPair();
    const cert = buildCertificate(leafTemplate({ name: "door", key: leaf.publicKey, names }, NOW_MS), {
      commonName: "second",
      ...below,
    });
    expect(opensslVerify(cert + second + authority.pem, mesh.rootPem, NOW_MS)).toMatch(
      /path length constraint exceeded/,
    );
  });
});

/** A leaf that whoever stole the key of a node's authority makes. */
function forge(
  certified: Certified,
  names: CertificateNames,
): { readonly key: string; readonly cert: string } {
  const { authority, issuer } = issuerOf(certified);
  const leaf = newKeyPair();
  const template = leafTemplate({ name: "door", key: leaf.publicKey, names }, NOW_MS);
  return { key: pemOf(leaf.privateKey), cert: buildCertificate(template, issuer) + authority.pem };
}

function issuerOf({ certificates, directory }: Certified) {
  const { authority } = certificates.served();
  if (authority === undefined) throw new Error("The node is not certified");
  const privateKey = createPrivateKey(readFileSync(join(directory, "node-authority.key")));
  const issuer = { commonName: authority.commonName, privateKey, publicKey: createPublicKey(privateKey) };
  return { authority, issuer };
}
