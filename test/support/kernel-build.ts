import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCache } from "./build-cache.ts";
import { missingPackages } from "./find-program.ts";

/** Debian package with the kernel's source; a newer point release of it needs no new build. */
export const KERNEL_SOURCE_PACKAGE = "linux-source-6.12";

/** What starts the guest and what it starts with, each with its Debian package. */
const PROGRAMS = { setpriv: "util-linux", mount: "mount", ip: "iproute2" };

/** The repository's part of the kernel: its configuration, a patch, and drivers without hardware. */
export const KERNEL_FILES = {
  configuration: fileURLToPath(new URL("../kernel/linux.config", import.meta.url)),
  patch: fileURLToPath(new URL("../kernel/linux.patch", import.meta.url)),
  mocks: fileURLToPath(new URL("../kernel/mocks", import.meta.url)),
} as const;

/** Where `npm run kernel` puts the kernel. */
export const kernelDirectory = buildCache("kernel", KERNEL_SOURCE_PACKAGE, Object.values(KERNEL_FILES));

/** The kernel as a program, which is there once it was built. */
export const kernelImage = join(kernelDirectory, "linux");

/** Why the kernel tests cannot run here; undefined when they can. */
export function kernelMissing(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "needs Linux on x86-64";
  const packages = missingPackages(PROGRAMS);
  if (packages.length > 0) return `needs these Debian packages: ${packages.join(" ")}`;
  return existsSync(kernelImage) ? undefined : "needs a User Mode Linux kernel: run `npm run kernel`, once";
}
