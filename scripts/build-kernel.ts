// `npm run kernel`: builds the User Mode Linux kernel of the kernel tests, unless it is there.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { missingPackages } from "../test/support/find-program.ts";
import {
  KERNEL_FILES,
  KERNEL_SOURCE_PACKAGE,
  kernelDirectory,
  kernelImage,
} from "../test/support/kernel-build.ts";
import { downloadPackage } from "./debian-source.ts";
import { run, secondsSince } from "./processes.ts";

/** What the build runs, and the Debian package that has it; `gcc` alone does not bring the C library's headers. */
const PROGRAMS = {
  gcc: "gcc libc6-dev",
  make: "make",
  flex: "flex",
  bison: "bison",
  bc: "bc",
  patch: "patch",
  xz: "xz-utils",
  "dpkg-deb": "dpkg",
};
/** Big parts of the source that this configuration never reads; of the Kconfig files it reads all. */
const LEFT_OUT = [
  ...[
    "*/Documentation/*.rst",
    "*/Documentation/*.yaml",
    "*/tools/testing/*",
    "*/tools/perf/*",
    "*/sound/*.[ch]",
  ],
  ...["gpu", "media", "staging", "net/?*"].map((driver) => `*/drivers/${driver}/*.[ch]`),
  // Architectures other than um, and x86 below it.
  "*/arch/[abcd-tv-wyz]*/*.[a-zS]*",
];

async function build(directory: string): Promise<void> {
  const sourcePackage = downloadPackage(KERNEL_SOURCE_PACKAGE, directory);
  const tree = join(directory, "linux");
  mkdirSync(tree);
  const leaveOut = LEFT_OUT.map((pattern) => `--exclude='${pattern}'`).join(" ");
  await succeed(tree, [
    ...["bash", "-o", "pipefail", "-c"],
    `dpkg-deb --fsys-tarfile '${sourcePackage}' | tar -xO ./usr/src/${KERNEL_SOURCE_PACKAGE}.tar.xz |
     xz -dc --threads=0 | tar -x --strip-components=1 ${leaveOut}`,
  ]);
  cpSync(KERNEL_FILES.mocks, join(tree, "drivers/mocks"), { recursive: true });
  await succeed(tree, ["patch", "--quiet", "--strip=1", `--input=${KERNEL_FILES.patch}`]);
  await succeed(tree, [
    "make",
    "--silent",
    "ARCH=um",
    `KCONFIG_ALLCONFIG=${KERNEL_FILES.configuration}`,
    "allnoconfig",
  ]);
  assertConfigured(join(tree, ".config"));
  await succeed(tree, ["make", "--silent", "--jobs=2", "ARCH=um", "CONFIG_I2C_STUB=y", "linux"]);
  renameSync(join(tree, "linux"), join(directory, "image"));
}

/** @throws Error naming what was asked for and is not there: Kconfig drops in silence what it does not know. */
function assertConfigured(file: string): void {
  const wanted = readFileSync(KERNEL_FILES.configuration, "utf8").match(/^CONFIG_.*$/gm) ?? [];
  const configured = new Set(readFileSync(file, "utf8").split("\n"));
  const dropped = wanted.filter((line) => !configured.has(line));
  if (dropped.length > 0) throw new Error(`The kernel cannot be configured with ${dropped.join(", ")}`);
}

async function succeed(directory: string, command: readonly string[]): Promise<void> {
  const code = await run(command, { cwd: directory, stdio: ["ignore", "inherit", "inherit"] });
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}`);
}

const startedMs = performance.now();
if (existsSync(kernelImage)) {
  console.log(`The kernel is there: ${kernelImage}`);
} else {
  const missing = missingPackages(PROGRAMS);
  if (missing.length > 0) {
    console.error(`Building the kernel needs these Debian packages: ${missing.join(" ")}`);
    process.exit(1);
  }
  mkdirSync(dirname(kernelDirectory), { recursive: true });
  const directory = mkdtempSync(`${kernelDirectory}-`);
  try {
    await build(directory);
    mkdirSync(kernelDirectory, { recursive: true });
    renameSync(join(directory, "image"), kernelImage);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  console.log(`The kernel was built in ${secondsSince(startedMs)}: ${kernelImage}`);
  console.log(execFileSync(kernelImage, ["--version"], { encoding: "utf8" }).trim());
}
