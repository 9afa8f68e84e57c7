import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The path of LevelDB's only file, beneath a store's directory, whose name ends so. */
export async function levelFile(directory: string, ending: string): Promise<string> {
  const names = (await readdir(join(directory, "level"))).filter((name) => name.endsWith(ending));
  if (names.length !== 1) throw new Error(`${names.length} files of LevelDB end in ${ending}`);
  return join(directory, "level", names[0] as string);
}
