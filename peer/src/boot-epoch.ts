import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";

/**
 * Counts the starts of a peer in its data directory, so that others can tell this life from the one before.
 *
 * @returns 1 at the first start
 * @throws MeshError DATA_LOSS when the counter cannot be read
 */
export async function nextBootEpoch(dataDirectory: string): Promise<number> {
  const path = join(dataDirectory, "boot-epoch");
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const epoch = (await readEpoch(path)) + 1;
  // Written beside and renamed: a power cut leaves the old counter or the new one, never half of it.
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${epoch}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return epoch;
}

async function readEpoch(path: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
  const epoch = Number(text.trim());
  if (!Number.isSafeInteger(epoch) || epoch < 0 || text.trim() === "") {
    throw new MeshError(
      "DATA_LOSS",
      `${path} does not hold a number. Write one into it that is larger than the node's bootEpoch in the mesh.`,
    );
  }
  return epoch;
}
