import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCache } from "./build-cache.ts";

/** Debian source package; the patch is made for its version in Debian 12. */
export const PIGPIO_SOURCE_PACKAGE = "pigpio";

/** The repository's part of it: a patch, and what stands for the registers of a Pi. */
export const PIGPIOD_FILES = {
  patch: fileURLToPath(new URL("../pigpiod/pigpiod.patch", import.meta.url)),
  registers: fileURLToPath(new URL("../pigpiod/mock-registers.c", import.meta.url)),
} as const;

/** Where `npm run pigpiod` puts the daemon. */
export const pigpiodDirectory = buildCache("pigpiod", PIGPIO_SOURCE_PACKAGE, Object.values(PIGPIOD_FILES));

/** The daemon, which is there once it was built. */
export const pigpiodProgram = join(pigpiodDirectory, "pigpiod");

/** Why tests against it cannot run here; undefined when they can. */
export function pigpiodMissing(): string | undefined {
  return existsSync(pigpiodProgram)
    ? undefined
    : "needs a pigpiod with memory in place of registers: run `npm run pigpiod`, once";
}
