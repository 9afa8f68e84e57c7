import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** A code or a token has 120 characters at most; a thousand lock-outs have less than this. */
const MAX_LENGTH = 128 * 1024;

/**
 * A small file with a secret.
 *
 * @returns undefined when there is none; of one that is too large, its beginning: it holds no secret then
 * @throws the error of the file system
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).slice(0, MAX_LENGTH);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a file that its owner alone can read; it is there whole or not at all. @throws the error of the file system */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
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
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
