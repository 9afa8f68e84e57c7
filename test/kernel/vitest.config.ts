import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Tests that run in the guest alone: a configuration of its own, so that no run on a machine finds them.
 * test/e2e/kernel.test.ts starts it.
 */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  // The repository is read-only in the guest.
  cacheDir: "/tmp/vite",
  test: {
    name: "kernel",
    include: ["test/kernel/**/*.kernel.test.ts"],
    testTimeout: 20_000,
    // The guest has one processor, and one set of pins.
    fileParallelism: false,
    pool: "threads",
    maxWorkers: 1,
    isolate: false,
  },
});
