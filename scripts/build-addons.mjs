// Builds the native parts of I2C and SPI for the Node that runs the peer, where they are not built for it yet. pnpm
// would build them for the Node that runs pnpm, the system's, which cannot be loaded later. Runs after each install;
// a machine without a compiler does without them: the peer says so when somebody wants to use one.
// Plain JavaScript without dependencies, since it runs before anything is there.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const runtimePackage = join(root, "node_modules", `node-linux-${process.arch}`);
const runtime = join(root, "node_modules", ".bin", "node");
const addons = [
  { name: "i2c-bus", purpose: "I2C" },
  { name: "spi-device", purpose: "SPI" },
];

function directoryOf(name) {
  try {
    return dirname(
      createRequire(join(root, "packages", "hardware", "package.json")).resolve(`${name}/package.json`),
    );
  } catch {
    // An optional dependency: not installed is one of the ways in which it can be.
    return undefined;
  }
}

function loads(directory) {
  return spawnSync(runtime, ["-e", "require(process.argv[1])", directory]).status === 0;
}

/** That of the npm or npx that runs us, else that of the npm beside the system's Node. */
function nodeGyp() {
  const named = process.env.npm_config_node_gyp;
  if (named !== undefined && existsSync(named)) return named;
  const prefix = join(dirname(realpathSync(process.execPath)), "..");
  const folders = ["lib/node_modules/npm/node_modules", "share/nodejs"];
  return folders.map((folder) => join(prefix, folder, "node-gyp/bin/node-gyp.js")).find(existsSync);
}

if (process.platform === "linux" && existsSync(runtime)) {
  for (const { name, purpose } of addons) {
    const directory = directoryOf(name);
    if (directory === undefined || loads(directory)) continue;
    const gyp = nodeGyp();
    const built =
      gyp === undefined
        ? undefined
        : spawnSync(process.execPath, [gyp, "rebuild"], {
            cwd: directory,
            encoding: "utf8",
            // As a variable, since one of npm's own would be stronger than an argument.
            env: { ...process.env, npm_config_nodedir: runtimePackage },
          });
    if (built?.status === 0 && loads(directory)) {
      console.log(`Built ${name} for the Node of the peer.`);
    } else {
      const reason =
        built === undefined
          ? "there is no node-gyp"
          : (built.stderr.match(/^gyp ERR! stack (.*)$/m)?.[1] ?? "see node-gyp");
      console.log(
        `Skipped ${name} (${reason}): the peer runs, but cannot use ${purpose}. To have it: sudo apt install build-essential python3, then node scripts/build-addons.mjs`,
      );
    }
  }
}
