// `npm run kernel`: builds the User Mode Linux kernel of the kernel tests, unless it is there.
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  KERNEL_FILES,
  KERNEL_SOURCE_PACKAGE,
  kernelDirectory,
  kernelImage,
} from "../test/support/kernel-build.ts";
import { buildOnce, type Succeed } from "./build-once.ts";
import { downloadPackage } from "./debian-source.ts";

/** gcc alone does not bring the C library's headers. */
const PROGRAMS = {
  gcc: "gcc libc6-dev",
  make: "make",
  flex: "flex",
  bison: "bison",
  bc: "bc",
  patch: "patch",
  xz: "xz-utils",
};
/** Big parts of the source that this configuration never reads; of the Kconfig files it reads all. */
const LEFT_OUT = [
  ...["*/Documentation/*.rst", "*/Documentation/*.yaml"],
  ...["*/tools/testing/*", "*/tools/perf/*", "*/sound/*.[ch]"],
  ...["gpu", "media", "staging", "net/?*"].map((driver) => `*/drivers/${driver}/*.[ch]`),
  // Architectures other than um, and x86 below it.
  "*/arch/[abcd-tv-wyz]*/*.[a-zS]*",
];

await buildOnce({
  what: "kernel",
  directory: kernelDirectory,
  result: kernelImage,
  programs: PROGRAMS,
  build: async (directory, succeed) => {
    const tree = join(directory, "linux");
    mkdirSync(tree);
    await extract(downloadPackage(KERNEL_SOURCE_PACKAGE, directory), tree, succeed);
    cpSync(KERNEL_FILES.mocks, join(tree, "drivers/mocks"), { recursive: true });
    await succeed(tree, ["patch", "--quiet", "--strip=1", `--input=${KERNEL_FILES.patch}`]);
    const make = ["make", "--silent", "--jobs=2", "ARCH=um"];
    await succeed(tree, [...make, `KCONFIG_ALLCONFIG=${KERNEL_FILES.configuration}`, "allnoconfig"]);
    assertConfigured(join(tree, ".config"));
    await succeed(tree, [...make, "CONFIG_I2C_STUB=y", "linux"]);
    return join(tree, "linux");
  },
});

/** A package holds the source as an archive in its own archive. */
async function extract(sourcePackage: string, tree: string, succeed: Succeed): Promise<void> {
  const leaveOut = LEFT_OUT.map((pattern) => `--exclude='${pattern}'`).join(" ");
  await succeed(tree, [
    ...["bash", "-o", "pipefail", "-c"],
    `dpkg-deb --fsys-tarfile '${sourcePackage}' | tar -xO ./usr/src/${KERNEL_SOURCE_PACKAGE}.tar.xz |
     xz -dc --threads=0 | tar -x --strip-components=1 ${leaveOut}`,
  ]);
}

/** @throws Error naming what was asked for and is not there: Kconfig drops in silence what it does not know */
function assertConfigured(file: string): void {
  const wanted = readFileSync(KERNEL_FILES.configuration, "utf8").match(/^CONFIG_.*$/gm) ?? [];
  const configured = new Set(readFileSync(file, "utf8").split("\n"));
  const dropped = wanted.filter((line) => !configured.has(line));
  if (dropped.length > 0) throw new Error(`The kernel cannot be configured with ${dropped.join(", ")}`);
}
