import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { MeshError } from "@pi-controller/schema";

const load = createRequire(import.meta.url);
/** In a checkout. A bundle is one file elsewhere, without it. */
const BUILDER = new URL("../../../scripts/build-addons.mjs", import.meta.url);

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
        whatBuildsIt(existsSync(BUILDER)),
      {},
      { cause: error },
    );
  }
}

/** @param inCheckout whether this is a checkout of the sources rather than a bundle, which carries no sources to build */
export function whatBuildsIt(inCheckout: boolean): string {
  const compiler = "`sudo apt install build-essential python3`";
  return inCheckout
    ? `run ${compiler}, then \`node scripts/build-addons.mjs\` where the program is installed`
    : `it was not built where this bundle was made, or for another kind of machine. Make the bundle anew on one with this processor: ${compiler}, then \`npm run build\` in a checkout`;
}

/** The code of an error of Node or of a native part, as `ENOENT`; empty when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
