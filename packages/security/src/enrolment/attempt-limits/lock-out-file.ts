import type { Logger } from "@pi-controller/runtime";
import * as z from "zod";
import { writePrivateFile } from "../../files/private-file.ts";
import { readSmallFile } from "../../files/small-file.ts";
import type { LockOutStore } from "./attempt-limits.ts";

const lockOutsSchema = z.record(z.string().max(64), z.int().min(1).max(1_000_000));

/** Keeps lock-outs in a file, so that a power cycle ends none. One that cannot be read holds none. */
export function lockOutFile(components: { readonly logger: Logger }, path: string): LockOutStore {
  return {
    async load() {
      try {
        const text = await readSmallFile(path);
        return new Map(Object.entries(lockOutsSchema.parse(JSON.parse(text ?? "{}"))));
      } catch (error) {
        const { message } = error instanceof Error ? error : new Error(String(error));
        components.logger.warn({ path, reason: message }, "Stored lock-outs cannot be read: there are none");
        return new Map();
      }
    },
    save: (failures) => writePrivateFile(path, JSON.stringify(Object.fromEntries(failures))),
  };
}
