import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, silentLogger, systemClock, VirtualClock } from "@pi-controller/runtime";
import { PasswordHasher } from "../crypto/password.ts";
import { type TestNode, testNode } from "../crypto/testing.ts";
import type { AuthorityKey } from "../keys.ts";
import { type FoundedMesh, newMesh } from "./building/mesh.ts";
import { PasswordKeyring } from "./keyring.ts";
import { Trust } from "./trust.ts";
import { TrustStore } from "./trust-store.ts";

/** The least that a credential may cost: 10 ms. */
export const testCost = { memoryKib: 8_192, passes: 1, parallelism: 1 };
export const TEST_PASSWORD = "correct horse battery";
export const TEST_START_MS = Date.UTC(2026, 5, 1);
export const TEST_BUILD_MS = Date.UTC(2026, 4, 1);

/** A founded mesh with its first member, in tests: real keys, cheap passwords, a directory of its own. */
export interface TestMesh {
  readonly founded: FoundedMesh;
  readonly node: TestNode;
  readonly clock: VirtualClock;
  readonly hasher: PasswordHasher;
  readonly trust: Trust;
  readonly keyring: PasswordKeyring;
  /** Unsealed, by the first admin. */
  readonly authority: AuthorityKey;
  /** The trust of another node that was given all that this one knows. */
  another(clock?: Clock): Trust;
  /** Closes and removes everything. */
  dispose(): void;
}

/** @param index which node is its first member; see `testNode` */
export async function testMesh(index: number | string = 0): Promise<TestMesh> {
  const clock = new VirtualClock(TEST_START_MS);
  const hasher = new PasswordHasher({ clock: systemClock() });
  const node = testNode(index);
  const founded = await newMesh(
    { hasher },
    {
      meshName: "home",
      userName: "ada",
      password: TEST_PASSWORD,
      rootCertificate: "-----BEGIN CERTIFICATE-----\ntest\n-----END CERTIFICATE-----\n",
      rootKey: new Uint8Array(138).fill(7),
      node: node.key,
      nowMs: TEST_START_MS,
    },
    testCost,
  );
  const opened: { trust: Trust; directory: string }[] = [];
  const open = (envelopes: FoundedMesh["envelopes"], with_: Clock): Trust => {
    const directory = temporaryDirectory();
    const store = TrustStore.create(directory, founded.meshId, envelopes);
    const trust = Trust.load({ store, clock: with_, logger: silentLogger }, { buildDateMs: TEST_BUILD_MS });
    opened.push({ trust, directory });
    return trust;
  };
  const trust = open(founded.envelopes, clock);
  return {
    founded,
    node,
    clock,
    hasher,
    trust,
    keyring: new PasswordKeyring({ trust, hasher }),
    authority: founded.authority,
    another: (other = clock) => open(trust.envelopes(), other),
    dispose() {
      for (const { trust: used, directory } of opened) {
        used.close();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "pi-controller-trust-"));
}
