import { MeshError } from "@pi-controller/schema";

/** Turns what LevelDB and the file system report into what the port promises. */
export function toMeshError(error: unknown, directory: string): MeshError {
  if (error instanceof MeshError) return error;
  const texts = causes(error);
  const has = (...parts: readonly string[]) =>
    parts.some((part) => texts.some((text) => text.includes(part)));
  const options = { cause: error };
  if (has("LEVEL_LOCKED")) {
    return new MeshError(
      "FAILED_PRECONDITION",
      `Another peer uses the data in ${directory}: stop it, or give this one its own data directory`,
      {},
      options,
    );
  }
  if (has("No space left on device", "ENOSPC", "Disk quota exceeded", "EDQUOT", "File too large")) {
    return new MeshError("RESOURCE_EXHAUSTED", `The disk that holds ${directory} is full`, {}, options);
  }
  if (has("LEVEL_CORRUPTION", "Corruption", "checksum mismatch", "CURRENT")) {
    return new MeshError("DATA_LOSS", `The database in ${directory} is damaged`, {}, options);
  }
  const reason = texts.at(-1) ?? "unknown";
  return new MeshError("UNAVAILABLE", `The database in ${directory} does not work: ${reason}`, {}, options);
}

/** Codes and messages of an error and of what caused it. */
function causes(error: unknown): readonly string[] {
  const texts: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string") texts.push(current.code);
    texts.push(current.message);
  }
  return texts;
}
