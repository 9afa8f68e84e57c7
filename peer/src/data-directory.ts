import { existsSync } from "node:fs";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";
import { wipePaths } from "@pi-controller/security";

/** How far this node had come as a writer of documents. */
export const DOCUMENT_CLOCKS = "document-clocks";
/** Until when the leases of this node's pins were renewed. */
export const GPIO_LEASES = "gpio-leases";

/** All that a peer keeps of its mesh and of itself. What is not in here stays: the directory may hold other things. */
const KEPT = [
  "identity.key",
  "boot-epoch",
  "documents",
  DOCUMENT_CLOCKS,
  "trust.db",
  "sessions.db",
  "audit.db",
  "events.db",
  "node-authority.key",
  "tls-leaf.pem",
  GPIO_LEASES,
];
/**
 * What may follow such a name: of what is being written, by number or not, when a power cut comes in between; of what
 * was damaged and set aside; and of a database's companions.
 */
const APPENDED =
  /^(\.new|\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.damaged-[0-9TZ-]+)?(-wal|-shm|-journal)?$/;
/** Stands there while a peer that has left still has to forget: a power cut does not make it remember. */
const FORGETTING = "forgetting";

/** @throws MeshError FAILED_PRECONDITION */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The data directory ${directory} cannot be made: ${reason}`;
    throw new MeshError("FAILED_PRECONDITION", message, {}, { cause: error });
  }
}

/** Writes down that this peer is to forget its mesh; `forgetMesh` does it when nothing is open any more. */
export async function markForgetting(directory: string): Promise<void> {
  await using file = await open(join(directory, FORGETTING), "w", 0o600);
  await file.sync();
}

export function isForgetting(directory: string): boolean {
  return existsSync(join(directory, FORGETTING));
}

/** Overwrites and removes all that a peer knows of its mesh, and its identity. Nothing of it may be open. */
export async function forgetMesh(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter(isKept);
  await wipePaths(names.map((name) => join(directory, name)));
  await rm(join(directory, FORGETTING), { force: true });
}

function isKept(name: string): boolean {
  return KEPT.some((kept) => name.startsWith(kept) && APPENDED.test(name.slice(kept.length)));
}
