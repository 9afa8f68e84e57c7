import { createRequire } from "node:module";
import { MeshError } from "@pi-controller/schema";

const load = createRequire(import.meta.url);

/**
 * Loads an npm package that is compiled on the machine where it is installed. Called when it is used first, never
 * when a peer starts: most never need it.
 *
 * @param purpose what it is for, as `I2C`
 * @throws MeshError FAILED_PRECONDITION that says what to install, when it is missing or was built for another Node
 */
export function loadNativePart(name: string, purpose: string): unknown {
  try {
    return load(name);
  } catch (error) {
    throw new MeshError(
      "FAILED_PRECONDITION",
      `${purpose} needs the native part of the npm package ${name}, which is not there for this Node: ` +
        "run `sudo apt install build-essential python3`, then `node scripts/build-addons.mjs` where the program is installed",
      {},
      { cause: error },
    );
  }
}

/** The code of an error of Node or of a native part, as `ENOENT`; empty when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
