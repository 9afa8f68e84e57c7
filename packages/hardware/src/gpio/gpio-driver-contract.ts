import { afterEach, beforeEach, describe } from "vitest";
import { describeCalls } from "./contract/calls.ts";
import { describeEdges } from "./contract/edges.ts";
import { GpioBench, type GpioUnderTest } from "./contract/gpio-bench.ts";
import { describeInputs } from "./contract/inputs.ts";
import { describeLines } from "./contract/lines.ts";
import { describeOutputs } from "./contract/outputs.ts";

/**
 * What every adapter of `GpioDriver` does, whatever is behind it.
 *
 * @param options `areExclusive` false where nothing keeps two programs from one line
 */
export function describeGpioDriverContract(
  name: string,
  make: () => Promise<GpioUnderTest>,
  options: { readonly areExclusive: boolean } = { areExclusive: true },
): void {
  describe(`${name} as a GpioDriver`, () => {
    const bench = new GpioBench(make);
    beforeEach(() => bench.setUp());
    afterEach(() => bench.tearDown());

    describeOutputs(bench);
    describeInputs(bench);
    describeEdges(bench);
    describeLines(bench, options);
    describeCalls(bench);
  });
}
