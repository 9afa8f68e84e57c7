import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Each suite is a project, so that `npm test` can say of each one whether it ran.
export default defineConfig({
  test: {
    // On two cores, too: unit tests wait for sockets and disks about as much as they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "peer/src/**/*.test.ts",
            "ui/src/**/*.test.ts",
            "scripts/**/*.test.ts",
          ],
          // Some use real sockets, disks and processes, on cores that they share with other tests.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each file starts several peers: in turns on a small machine.
          fileParallelism: false,
        },
      },
      { test: { name: "simulation", include: ["test/simulation/**/*.test.ts"], testTimeout: 120_000 } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
