// Packages with native parts, which cannot be in a bundle: they lie beside it, as the peer loads them by name.
import { cpSync, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { repositoryRoot } from "./processes.ts";

/** Those of packages/hardware that are loaded with their first use. */
const packages = ["koffi", "i2c-bus", "spi-device"];
/** Needed to build them only. */
const withoutUse = new Set(["nan"]);
const runs = new Set([".js", ".cjs", ".json", ".node"]);
/** Folders of examples, documents and what is compiled. */
const notRun = new Set(["doc", "example", "examples", "test", "integration-test", "vendor", "obj.target"]);

/**
 * Copies what is installed of them, and what they depend on, for the machine that this runs on.
 *
 * @param directory of the bundle
 * @returns names of the packages that were copied
 */
export function copyAddons(directory: string): string[] {
  const from = join(repositoryRoot, "packages", "hardware", "node_modules");
  const copied = new Set<string>();
  for (const name of packages) copy(from, name, join(directory, "node_modules"), copied);
  return [...copied];
}

function copy(from: string, name: string, to: string, copied: Set<string>): void {
  if (copied.has(name) || withoutUse.has(name) || !existsSync(join(from, name))) return;
  copied.add(name);
  const source = realpathSync(join(from, name));
  cpSync(source, join(to, name), {
    recursive: true,
    filter: (path) =>
      path === source ||
      (!notRun.has(basename(path)) && (statSync(path).isDirectory() || runs.has(extname(path)))),
  });
  const description = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  };
  // pnpm puts the dependencies of a package beside it; a name with a scope is a folder deeper.
  const beside = name.startsWith("@") ? dirname(dirname(source)) : dirname(source);
  for (const needed of Object.keys({ ...description.dependencies, ...description.optionalDependencies })) {
    copy(beside, needed, to, copied);
  }
}
