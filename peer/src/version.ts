import { readFileSync } from "node:fs";
import * as z from "zod";

declare const PI_CONTROLLER_VERSION: string | undefined;
declare const PI_CONTROLLER_BUILD_DATE_MS: number | undefined;

/** No peer that runs this source is older; of a bundle, the time of its making is known. */
const SOURCE_DATE_MS = Date.UTC(2026, 10, 1);

/** The version of the product: built into a bundle, otherwise that of the repository. */
export function productVersion(): string {
  if (typeof PI_CONTROLLER_VERSION === "string") return PI_CONTROLLER_VERSION;
  const manifest = new URL("../package.json", import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, "utf8"))).version;
}

/** It is not earlier than this, whatever a Pi without a battery for its clock believes: ms since 1970. */
export function buildDateMs(): number {
  return typeof PI_CONTROLLER_BUILD_DATE_MS === "number" ? PI_CONTROLLER_BUILD_DATE_MS : SOURCE_DATE_MS;
}
