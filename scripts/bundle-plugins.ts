// What the bundle does differently from the sources, each to spare a small machine memory and start-up time.
import { copyFileSync, mkdirSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

/** LevelDB's addon for each architecture, as it comes with classic-level. */
const levelAddons = {
  x64: "prebuilds/linux-x64/classic-level.node",
  arm64: "prebuilds/linux-arm64/classic-level.armv8.node",
};

/** Has classic-level load its addon from beside the bundle, where it would search its own package. */
export function levelAddonBesideBundle(addonDirectory: string): Plugin {
  return {
    name: "level-addon-beside-bundle",
    setup(build) {
      build.onLoad({ filter: /classic-level\/binding\.js$/ }, ({ path }) => {
        mkdirSync(addonDirectory, { recursive: true });
        for (const [architecture, addon] of Object.entries(levelAddons)) {
          copyFileSync(
            join(dirname(path), addon),
            join(addonDirectory, `classic-level-${architecture}.node`),
          );
        }
        // Joined at run time, so that esbuild does not look for the file; relative to dist/chunks.
        const contents =
          'module.exports = require(["..", "native", `classic-level-${process.arch}.node`].join("/"));';
        return { contents, loader: "js" };
      });
    },
  };
}

/** Parts of Node that libraries load and hardly ever use here: TLS alone takes 3 MB. */
const loadedWhenUsed: ReadonlySet<string> = new Set([
  "child_process",
  "dgram",
  "https",
  "tls",
  "worker_threads",
]);

/**
 * Those that load further ones for single properties, also when these are only looked at, as esbuild's helpers do
 * with all of them: streams, workers and a text comparison behind util, the performance hooks behind fs. 6 ms.
 */
const readWhenUsed: ReadonlySet<string> = new Set(["fs", "util"]);

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An import statement reads every property of
 * them, and so runs what they load lazily: undici (fetch) behind node:http takes 60 ms and 3 MB.
 */
export const builtinsWhenUsed: Plugin = {
  name: "builtins-when-used",
  setup(build) {
    const load = createRequire(import.meta.url);
    const names = new Set([...builtinModules, "sqlite"].map((name) => name.replace(/^node:/, "")));
    build.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path }) => {
      const name = path.replace(/^node:/, "");
      return names.has(name) ? { path: name, namespace: "builtin" } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const module = `process.getBuiltinModule("node:${path}")`;
      const exported = Object.keys(load(`node:${path}`) as object);
      const gettersOn = (object: string) =>
        exported.map((name) => `get ${name}() { return ${object}.${name}; }`).join(",\n");
      const contents = loadedWhenUsed.has(path)
        ? `module.exports = { ${gettersOn(module)} };`
        : readWhenUsed.has(path)
          ? `const loaded = ${module}; module.exports = { ${gettersOn("loaded")} };`
          : `module.exports = ${module};`;
      return { contents, loader: "js" };
    });
  },
};

/** What koa and its helpers may be asked about: what this API takes and sends. */
const mediaTypes: readonly string[] = [
  "application/json",
  "application/octet-stream",
  "application/problem+json",
  "text/html",
  "text/plain",
];

/** Leaves nearly all of the 2,500 media types out of koa's two copies of mime-db. */
export const fewMediaTypes: Plugin = {
  name: "few-media-types",
  setup(build) {
    const load = createRequire(import.meta.url);
    build.onLoad({ filter: /mime-db\/db\.json$/ }, ({ path }) => {
      const all = load(path) as Readonly<Record<string, unknown>>;
      const few = Object.fromEntries(mediaTypes.map((type) => [type, all[type]]));
      return { contents: JSON.stringify(few), loader: "json" };
    });
  },
};

/** Noise takes SHA-256 from Node, but loads a WebAssembly implementation, too, that it never calls. */
export const sha256OfNode: Plugin = {
  name: "sha256-of-node",
  setup(build) {
    build.onLoad({ filter: /@chainsafe\/as-sha256\/lib\/index\.js$/ }, () => ({
      contents:
        'import { createHash } from "node:crypto"; export const digest = (data) => createHash("sha256").update(data).digest();',
      loader: "js",
    }));
  },
};

/** Of systeminformation, the bundle takes only the part that names a machine. */
export const systemOfSystemInformation: Plugin = {
  name: "system-of-systeminformation",
  setup(build) {
    build.onLoad({ filter: /systeminformation\/lib\/index\.js$/ }, () => ({
      contents: 'module.exports = require("./system");',
      loader: "js",
    }));
  },
};

/**
 * libp2p's locks ask Node's cluster, its workers and a broadcast channel who else might hold them, and listen there
 * for each lock. A peer is one process and one thread: it takes what the library has for such.
 */
export const locksOfOneProcess: Plugin = {
  name: "locks-of-one-process",
  setup(build) {
    build.onResolve({ filter: /^\.\/node\.js$/ }, ({ resolveDir }) =>
      resolveDir.endsWith("/mortice/dist/src") ? { path: join(resolveDir, "react-native.js") } : undefined,
    );
  },
};
