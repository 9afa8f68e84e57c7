// Runs a TypeScript program of this repository on a machine that has nothing but Node 20 and npm: installs
// the dependencies when they are missing or old, the pinned Node among them, then hands over to that Node.
// Plain JavaScript without dependencies, since it runs before anything is there.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PNPM = "pnpm@12.21.0";
const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "node_modules", ".cache", "pi-controller-installed");
const runtime = join(root, "node_modules", ".bin", "node");

function fingerprint() {
  const hash = createHash("sha256").update(process.platform).update(process.arch);
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function installed() {
  return existsSync(runtime) && existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint();
}

function install() {
  console.error("Installing dependencies (only when they have changed) ...");
  const startedMs = performance.now();
  const result = spawnSync("npx", ["--yes", PNPM, "install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) {
    console.error("Dependencies could not be installed: see above. Is the npm registry within reach?");
    process.exit(1);
  }
  if (!existsSync(runtime)) {
    console.error(
      `There is no Node runtime package for ${process.platform}-${process.arch}; linux x64 and arm64 work.`,
    );
    process.exit(1);
  }
  mkdirSync(join(stamp, ".."), { recursive: true });
  writeFileSync(stamp, fingerprint());
  console.error(`Dependencies are ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
}

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node scripts/bootstrap.mjs PROGRAM.ts [argument ...]");
  process.exit(2);
}
if (!installed()) install();

// A process group of its own: on Ctrl-C the terminal signals everyone in the foreground, npm passes its own on as
// well, and a program that is told twice ends at once. So one signal is passed on once, by this process alone.
const SAME_SIGNAL_MS = 300;
const child = spawn(runtime, ["--disable-warning=ExperimentalWarning", join(root, program), ...args], {
  stdio: "inherit",
  detached: true,
});
let signalledMs = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    const repeated = performance.now() - signalledMs < SAME_SIGNAL_MS;
    signalledMs = performance.now();
    if (!repeated) child.kill(signal);
  });
}
// npm passes SIGTERM on to its shell alone, which dies of it and tells nobody; and npm itself may be killed. Without
// this the program would stay behind, with nobody left to end it.
const PARENT_CHECK_MS = 500;
const parent = process.ppid;
const orphaned = setInterval(() => {
  if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
  clearInterval(orphaned);
  child.kill("SIGTERM");
}, PARENT_CHECK_MS);
orphaned.unref();
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
