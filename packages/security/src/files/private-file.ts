import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { MeshError } from "@pi-controller/schema";

const FILE_MODE = 0o600;
const MAX_BYTES = 64 * 1024;

/**
 * Reads a file that nobody else may read.
 *
 * @returns undefined when there is none
 * @throws MeshError FAILED_PRECONDITION when others can read it, when it is no file, or cannot be read
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile() || status.size > MAX_BYTES) throw unusable(path, "is not a file of this program");
    if ((status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8);
      throw unusable(path, `can be read by other users (mode ${mode}); run: chmod 600 ${path}`);
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof MeshError) throw error;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(path, "cannot be read", error);
  }
}

/**
 * Writes a file that nobody else may read. It appears under its name, in the place of an older one, only when all of
 * it is on the disk.
 *
 * @throws MeshError FAILED_PRECONDITION when it cannot be written
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, "wx", FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    const directory = await open(dirname(path), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw unusable(path, "cannot be written", error);
  }
}

function unusable(path: string, why: string, cause?: unknown): MeshError {
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  return new MeshError("FAILED_PRECONDITION", `The file ${path} ${why}${because}`, {}, { cause });
}
