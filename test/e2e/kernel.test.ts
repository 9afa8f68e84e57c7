import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { EXCHANGE } from "../kernel/guest/request.ts";
import { runInKernel } from "../support/kernel.ts";

const VITEST = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
const WITHIN_MS = 150_000;

interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTotalTests: number;
}

describe.skipIf(skipWithout(capabilities.kernel))(
  "under a kernel with GPIO, I2C, SPI and PWM interfaces",
  () => {
    it("the tests of test/kernel pass, all of them", async () => {
      const exchangeDirectory = mkdtempSync(join(tmpdir(), "pi-controller-kernel-tests-"));
      try {
        const { exitCode } = await runInKernel({
          script: VITEST,
          args: [
            ...["run", "--config", "test/kernel/vitest.config.ts", "--configLoader", "native"],
            ...["--reporter=verbose", "--reporter=json", `--outputFile.json=${EXCHANGE}/report.json`],
          ],
          env: { CI: "true", NO_COLOR: "1" },
          exchangeDirectory,
          withinMs: WITHIN_MS,
          onOutput: (text) => process.stdout.write(text),
        });
        expect(exitCode).toBe(0);
        const report = JSON.parse(readFileSync(join(exchangeDirectory, "report.json"), "utf8")) as Report;
        expect(report.numPassedTests).toBeGreaterThan(0);
        expect(report.numPassedTests).toBe(report.numTotalTests);
      } finally {
        rmSync(exchangeDirectory, { recursive: true });
      }
    });
  },
);
