import { randomBytes } from "node:crypto";
import { lstat, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Keys and databases are small; of what is larger the beginning is enough to make it useless. */
const OVERWRITTEN_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Overwrites files with chance and removes them; directories with all that is in them. What is not there is no
 * error. Best effort against whoever holds the card: flash memory keeps old blocks where only its controller finds
 * them, so that what really makes a lost key worthless is that it was revoked.
 *
 * @throws the first error of the file system, after everything was tried
 */
export async function wipePaths(paths: readonly string[]): Promise<void> {
  const errors: unknown[] = [];
  for (const path of paths) {
    try {
      await wipe(path);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

async function wipe(path: string): Promise<void> {
  const status = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (status === undefined) return;
  if (status.isDirectory()) {
    for (const name of await readdir(path)) await wipe(join(path, name));
  } else if (status.isFile()) {
    await overwrite(path, Math.min(status.size, OVERWRITTEN_BYTES));
  }
  // A link is removed, not what it leads to.
  await rm(path, { recursive: true, force: true });
}

async function overwrite(path: string, length: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    for (let offset = 0; offset < length; offset += CHUNK_BYTES) {
      const chunk = randomBytes(Math.min(CHUNK_BYTES, length - offset));
      await file.write(chunk, 0, chunk.byteLength, offset);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
