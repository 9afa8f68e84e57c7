// `npm run build`: the peer as one file, with the web UI beside it, in dist/.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { buildUi, uiDirectory } from "./build-ui.ts";
import { repositoryRoot, secondsSince } from "./processes.ts";

export const bundleDirectory = join(repositoryRoot, "dist");
const addonDirectory = join(bundleDirectory, "native");

/** LevelDB's addon for each architecture, as it comes with classic-level. */
const levelAddons = {
  x64: "prebuilds/linux-x64/classic-level.node",
  arm64: "prebuilds/linux-arm64/classic-level.armv8.node",
};

/** Has classic-level load its addon from beside the bundle, where it would search its own package. */
const levelAddonBesideBundle: Plugin = {
  name: "level-addon-beside-bundle",
  setup(build) {
    build.onLoad({ filter: /classic-level\/binding\.js$/ }, ({ path }) => {
      mkdirSync(addonDirectory, { recursive: true });
      for (const [architecture, addon] of Object.entries(levelAddons)) {
        copyFileSync(join(dirname(path), addon), join(addonDirectory, `classic-level-${architecture}.node`));
      }
      // Joined at run time, so that esbuild does not look for the file; relative to dist/chunks.
      const contents =
        'module.exports = require(["..", "native", `classic-level-${process.arch}.node`].join("/"));';
      return { contents, loader: "js" };
    });
  },
};

/** For a machine with little memory: less garbage before a collection, no helper threads for it. */
export const runtimeFlags = ["--optimize-for-size", "--max-semi-space-size=1", "--v8-pool-size=1"] as const;

const LAUNCHER = `#!/bin/sh
# Starts the peer that lies beside this file, with settings for a machine with little memory.
export MALLOC_ARENA_MAX=1
exec "\${NODE:-node}" ${runtimeFlags.join(" ")} "$(dirname "$(readlink -f "$0")")/peer.mjs" "$@"
`;

/** Makes dist/peer.mjs its launcher dist/pi-controller, and dist/ui. */
export async function buildPeer(): Promise<void> {
  const startedMs = performance.now();
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
    version: string;
  };
  rmSync(bundleDirectory, { recursive: true, force: true });
  mkdirSync(bundleDirectory, { recursive: true });
  const result = await build({
    entryPoints: { peer: join(repositoryRoot, "peer", "src", "main.ts") },
    outdir: bundleDirectory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    minify: true,
    keepNames: true,
    platform: "node",
    format: "esm",
    target: "node24",
    plugins: [levelAddonBesideBundle],
    define: { PI_CONTROLLER_VERSION: JSON.stringify(version) },
    // Dependencies that are CommonJS inside expect a require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";const require=__createRequire(import.meta.url);',
    },
    metafile: true,
    logLevel: "warning",
  });
  writeFileSync(join(bundleDirectory, "meta.json"), JSON.stringify(result.metafile));
  writeFileSync(join(bundleDirectory, "pi-controller"), LAUNCHER, { mode: 0o755 });
  cpSync(uiDirectory, join(bundleDirectory, "ui"), { recursive: true });
  console.log(`Built dist/peer.mjs (${secondsSince(startedMs)}).`);
}

if (import.meta.main) {
  await buildUi();
  await buildPeer();
}
