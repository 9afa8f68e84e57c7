import { cpSync } from "node:fs";
import { join } from "node:path";
import { TrustStore } from "@pi-controller/security";
import type { Cleanup, PeerProcess } from "./peer-process.ts";
import { waitFor } from "./wait.ts";

/** Numbers of the mesh secrets that a peer lets others in with, read from a copy of its data; newest first. */
export function secretEpochs(cleanup: Cleanup, peer: PeerProcess): number[] {
  const copy = join(cleanup.temporaryDirectory(), "data");
  cpSync(peer.dataDirectory, copy, { recursive: true });
  const store = TrustStore.open(copy);
  const epochs = (store?.secrets() ?? []).map(({ epoch }) => epoch);
  store?.close();
  return epochs;
}

/** Waits until a peer lets nobody in any more who knows an older mesh secret alone. */
export async function hasSecretAlone(cleanup: Cleanup, peer: PeerProcess, epoch: number): Promise<void> {
  // Its data may be copied while they are being written: another time, then.
  await waitFor(
    `${peer.name} has mesh secret ${epoch} alone`,
    () => String(secretEpochs(cleanup, peer)) === String(epoch),
    { withinMs: 20_000, everyMs: 500 },
  );
}
