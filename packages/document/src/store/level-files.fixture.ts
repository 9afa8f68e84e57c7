import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The path of LevelDB's only file, beneath a store's directory, whose name matches. */
export async function levelFile(directory: string, name: RegExp): Promise<string> {
  const names = (await readdir(join(directory, "level"))).filter((file) => name.test(file));
  if (names.length !== 1) throw new Error(`${names.length} files of LevelDB match ${name}`);
  return join(directory, "level", names[0] as string);
}
