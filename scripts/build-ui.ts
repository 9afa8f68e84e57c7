// Builds the web UI when its sources have changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot, run, secondsSince } from "./processes.ts";

export const uiDirectory = join(repositoryRoot, "ui", "dist");
const stamp = join(uiDirectory, ".sources");

/** @throws Error when the build fails; what was built before is left alone */
export async function buildUi(): Promise<void> {
  const sources = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return;
  const startedMs = performance.now();
  const vite = join(repositoryRoot, "ui", "node_modules", ".bin", "vite");
  const code = await run([vite, "build", "--logLevel", "warn"], { cwd: join(repositoryRoot, "ui") });
  if (code !== 0) throw new Error("The web UI did not build: see above.");
  writeFileSync(stamp, sources);
  console.log(`Built the web UI (${secondsSince(startedMs)}).`);
}

function fingerprint(): string {
  const hash = createHash("sha256");
  const patterns = [
    "ui/{src,public}/**/*",
    "ui/*.{ts,html,json}",
    "packages/{schema,client}/src/**/*.ts",
    "pnpm-lock.yaml",
  ];
  const files = globSync(patterns, { cwd: repositoryRoot, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(repositoryRoot.length)).update(readFileSync(file));
  return hash.digest("hex");
}

if (import.meta.main) await buildUi();
