// `npm run build`: the peer without its dependencies' folders, with the web UI beside it, in dist/.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { buildUi, uiDirectory } from "./build-ui.ts";
import { copyAddons } from "./bundle-addons.ts";
import {
  builtinsWhenUsed,
  fewMediaTypes,
  levelAddonBesideBundle,
  locksOfOneProcess,
  sha256OfNode,
  systemOfSystemInformation,
} from "./bundle-plugins.ts";
import { repositoryRoot, secondsSince } from "./processes.ts";

export const bundleDirectory = join(repositoryRoot, "dist");

/**
 * For a machine with little memory: less garbage before a collection, no helper threads for it. Without
 * `--optimize-for-size`: it makes V8 refuse the compiled code of Node's own modules, which costs a start
 * a fifth more time and spares 1 MB.
 */
export const runtimeFlags = ["--max-semi-space-size=1", "--v8-pool-size=1"] as const;

/**
 * Has glibc give memory back (mallopt(3), bytes): one heap for all threads, and what is larger than 32 kB
 * in mappings of its own. Without a fixed threshold it keeps several MB that only start-up needed.
 */
export const runtimeEnvironment = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "32768",
  MALLOC_TRIM_THRESHOLD_: "65536",
} as const;

const assignments = Object.entries(runtimeEnvironment).map(([name, value]) => `${name}=${value}`);

const LAUNCHER = `#!/bin/sh
# Starts the peer that lies beside this file, with settings for a machine with little memory.
export ${assignments.join(" ")}
exec "\${NODE:-node}" ${runtimeFlags.join(" ")} "$(dirname "$(readlink -f "$0")")/peer.mjs" "$@"
`;

/**
 * Where it may write there, Node keeps what V8 compiled beside the bundle: later starts take a fifth less
 * CPU time. Kept soon after the start, too, as a peer is seldom ended in good order.
 */
const ENTRY = `// Starts the peer, from compiled code where there is some.
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error("Pi-Controller needs Node 24 or later; this is " + process.version + ". Name another one with NODE=...");
  process.exit(1);
}
const { enableCompileCache, flushCompileCache } = process.getBuiltinModule("node:module");
enableCompileCache({ directory: import.meta.dirname + "/compile-cache", portable: true });
await import("./program.mjs");
setTimeout(flushCompileCache, 10_000).unref();
`;

/** Makes dist/peer.mjs, its launcher dist/pi-controller, and dist/ui. */
export async function buildPeer(): Promise<void> {
  const startedMs = performance.now();
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
    version: string;
  };
  rmSync(bundleDirectory, { recursive: true, force: true });
  mkdirSync(bundleDirectory, { recursive: true });
  const result = await build({
    entryPoints: { program: join(repositoryRoot, "peer", "src", "main.ts") },
    outdir: bundleDirectory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    // Names stay as they are: shortened ones have to be set again at run time where errors and logs show them.
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    format: "esm",
    target: "node24",
    plugins: [
      levelAddonBesideBundle(join(bundleDirectory, "native")),
      builtinsWhenUsed,
      fewMediaTypes,
      locksOfOneProcess,
      sha256OfNode,
      systemOfSystemInformation,
    ],
    define: {
      PI_CONTROLLER_VERSION: JSON.stringify(version),
      PI_CONTROLLER_BUILD_DATE_MS: String(Date.now()),
    },
    // Dependencies that are CommonJS inside expect a require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";const require=__createRequire(import.meta.url);',
    },
    metafile: true,
    logLevel: "warning",
  });
  warnOfWideSources();
  writeFileSync(join(bundleDirectory, "meta.json"), JSON.stringify(result.metafile));
  writeFileSync(join(bundleDirectory, "peer.mjs"), ENTRY);
  writeFileSync(join(bundleDirectory, "pi-controller"), LAUNCHER, { mode: 0o755 });
  cpSync(uiDirectory, join(bundleDirectory, "ui"), { recursive: true });
  copyAddons(bundleDirectory);
  console.log(`Built dist/peer.mjs (${secondsSince(startedMs)}).`);
}

/**
 * A program stays in memory as text for as long as it runs: a byte a character, or two when a single one of them is not
 * in Latin-1. esbuild escapes such characters, but not those in regular expressions.
 */
function warnOfWideSources(): void {
  for (const file of globSync("**/*.mjs", { cwd: bundleDirectory })) {
    const wide = /[^\0-\u00ff]/.exec(readFileSync(join(bundleDirectory, file), "utf8"));
    if (wide === null) continue;
    const near = wide.input.slice(Math.max(0, wide.index - 40), wide.index + 10);
    console.warn(`dist/${file} takes twice the memory, for one character that should be escaped: ${near}`);
  }
}

if (import.meta.main) {
  await buildUi();
  await buildPeer();
}
