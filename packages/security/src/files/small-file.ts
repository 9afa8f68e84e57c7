import { readFile } from "node:fs/promises";

/** A code or a token has 120 characters at most; a thousand lock-outs have less than this. */
const MAX_LENGTH = 128 * 1024;

/**
 * A small file, whoever else may read it: a boot partition (FAT) knows no owners.
 *
 * @returns undefined when there is none; of one that is too large, its beginning, which then makes no sense
 * @throws the error of the file system
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).slice(0, MAX_LENGTH);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
