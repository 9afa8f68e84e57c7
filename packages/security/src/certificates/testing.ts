import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Emitter, silentLogger, systemClock, VirtualClock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { onTestFinished } from "vitest";
import { toBase64Url } from "../crypto/encoding.ts";
import { PasswordHasher } from "../crypto/password.ts";
import { type TestNode, testNode } from "../crypto/testing.ts";
import type { AuthorityKey } from "../keys.ts";
import { newMesh } from "../trust/building/mesh.ts";
import { PasswordKeyring } from "../trust/keyring.ts";
import { testCost } from "../trust/testing.ts";
import { Trust } from "../trust/trust.ts";
import { TrustStore } from "../trust/trust-store.ts";
import { CertificateAuthority, createRoot } from "./certificate-authority.ts";
import { type CertificateNames, namesOfNode } from "./certificate-names.ts";
import { NodeCertificates, type NodeNames } from "./node-certificates.ts";

export const START_MS = Date.UTC(2026, 5, 1);
export const DAY_MS = 24 * 3_600_000;
export const PASSWORD = "correct horse battery";

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-certificates-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What a node is called, and can be called otherwise. */
export class TestNames implements NodeNames {
  readonly #changes = new Emitter<void>(() => undefined);
  #name: string;
  #addresses: readonly string[];

  constructor(name: string, addresses: readonly string[]) {
    this.#name = name;
    this.#addresses = addresses;
  }

  nodeName(): string {
    return this.#name;
  }

  certificateNames(): CertificateNames {
    return namesOfNode(this.#name, [], this.#addresses);
  }

  observe(listener: () => void): () => void {
    return this.#changes.on(listener);
  }

  rename(name: string, addresses: readonly string[]): void {
    this.#name = name;
    this.#addresses = addresses;
    this.#changes.emit();
  }
}

/** A mesh with a real root, in the trust of one of its nodes; all members use that one. */
export interface CertificateMesh {
  readonly clock: VirtualClock;
  readonly trust: Trust;
  readonly keyring: PasswordKeyring;
  readonly authorityKey: AuthorityKey;
  readonly authority: CertificateAuthority;
  readonly rootPem: string;
  /** Names in the roster. */
  readonly roster: Map<NodeId, string>;
  /** Enters a member. */
  admit(name: string): Promise<TestNode>;
  certificatesOf(node: TestNode, names: NodeNames, directory?: string): NodeCertificates;
  readonly renewals: string[];
}

/** @param startMs wall clock; Node's TLS goes by the real one */
export async function certificateMesh(startMs = START_MS): Promise<CertificateMesh> {
  const clock = new VirtualClock(startMs);
  const hasher = new PasswordHasher({ clock: systemClock() });
  const first = testNode("first");
  const root = await createRoot("home", startMs);
  const founded = await newMesh(
    { hasher },
    {
      meshName: "home",
      userName: "ada",
      password: PASSWORD,
      rootCertificate: root.certificatePem,
      rootKey: root.privateKeyPkcs8,
      node: first.key,
      nowMs: startMs,
    },
    testCost,
  );
  const store = TrustStore.create(temporaryDirectory(), founded.meshId, founded.envelopes);
  const trust = Trust.load({ store, clock, logger: silentLogger }, { buildDateMs: startMs });
  onTestFinished(() => trust.close());
  const roster = new Map<NodeId, string>([[first.node, "first"]]);
  const renewals: string[] = [];
  return {
    clock,
    trust,
    keyring: new PasswordKeyring({ trust, hasher }),
    authorityKey: founded.authority,
    authority: new CertificateAuthority({
      trust,
      nodeName: (node) => roster.get(node),
      logger: silentLogger,
    }),
    rootPem: root.certificatePem,
    roster,
    renewals,
    async admit(name) {
      const member = testNode(name);
      const user = founded.authority.user.user.id;
      const entry = {
        kind: "member",
        node: member.node,
        boxKey: toBase64Url(member.key.box.publicKey),
        admittedBy: { kind: "authority", user },
      } as const;
      await trust.publish([trust.sign(entry, [founded.authority])]);
      roster.set(member.node, name);
      return member;
    },
    certificatesOf: (node, names, directory = temporaryDirectory()) =>
      new NodeCertificates(
        {
          clock,
          logger: silentLogger,
          names,
          now: () => trust.now(),
          membership: { node: node.node, key: node.key, trust },
          onRenewed: (expiresAt) => renewals.push(expiresAt),
        },
        { directory, checkIntervalMs: 3_600_000 },
      ),
  };
}

export interface Certified {
  readonly node: TestNode;
  readonly names: TestNames;
  readonly certificates: NodeCertificates;
  readonly directory: string;
}

/** Starts it, has it certified, and stops it when the test ends. */
export async function startCertified(
  mesh: CertificateMesh,
  name: string,
  addresses: readonly string[],
): Promise<Certified> {
  const node = await mesh.admit(name);
  const names = new TestNames(name, addresses);
  const directory = temporaryDirectory();
  const certificates = mesh.certificatesOf(node, names, directory);
  await certificates.start();
  onTestFinished(() => certificates.stop());
  await certificates.settled();
  await mesh.authority.publishWaiting(mesh.authorityKey);
  await certificates.settled();
  return { node, names, certificates, directory };
}

/** A server over HTTPS of a node that is in no mesh, so that nobody can verify its certificate. */
export async function unverifiableServer(
  listener: RequestListener,
): Promise<{ readonly origin: string; readonly close: () => Promise<void> }> {
  const clock = systemClock();
  const certificates = new NodeCertificates(
    { clock, logger: silentLogger, names: new TestNames("pi", []), now: () => clock.now() },
    { directory: temporaryDirectory() },
  );
  await certificates.start();
  onTestFinished(() => certificates.stop());
  const server = createServer(certificates.secureContext(), listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/**
 * What OpenSSL thinks of a chain.
 *
 * @param cert leaf first
 * @returns `OK`, or its reasons
 */
export function opensslVerify(
  cert: string,
  rootPem: string,
  atMs: number,
  options: readonly string[] = ["-purpose", "sslserver"],
): string {
  const directory = temporaryDirectory();
  const [leaf = "", ...others] = cert.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
  const file = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const parameters = [
    "verify",
    "-x509_strict",
    "-attime",
    String(Math.floor(atMs / 1_000)),
    "-CAfile",
    file("root.pem", rootPem),
    ...(others.length === 0 ? [] : ["-untrusted", file("others.pem", others.join(""))]),
    ...options,
    file("leaf.pem", leaf),
  ];
  try {
    execFileSync("openssl", parameters, { stdio: "pipe" });
    return "OK";
  } catch (error) {
    if (error instanceof Error && "stderr" in error) return String(error.stderr);
    throw error;
  }
}
