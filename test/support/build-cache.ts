import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";

/**
 * Where something that tests need and that takes long to build is kept, outside the repository and between runs.
 * Nothing is made here.
 *
 * @param name of what is built, as `kernel`
 * @param source what it is built from, as `linux-source-6.12`
 * @param files files and directories whose content decides the result
 * @returns a directory that depends on the name and all contents
 */
export function buildCache(name: string, source: string, files: readonly string[]): string {
  const hash = createHash("sha256").update(source).update(process.arch);
  for (const file of files) {
    for (const path of filesBelow(file))
      hash.update(`\0${relative(file, path)}\0`).update(readFileSync(path));
  }
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "pi-controller", name, hash.digest("hex").slice(0, 16));
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => filesBelow(join(path, entry)));
}
