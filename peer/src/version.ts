import { readFileSync } from "node:fs";
import * as z from "zod";

declare const PI_CONTROLLER_VERSION: string | undefined;

/** The version of the product: built into a bundle, otherwise that of the repository. */
export function productVersion(): string {
  if (typeof PI_CONTROLLER_VERSION === "string") return PI_CONTROLLER_VERSION;
  const manifest = new URL("../package.json", import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, "utf8"))).version;
}
