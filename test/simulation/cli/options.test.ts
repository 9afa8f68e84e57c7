import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("the options of npm run simulate", () => {
  it("are numbers, switches and places of faults", () => {
    const argv = ["--seed", "7", "--peers", "100", "--minutes", "0.5", "--keep", "3,14", "--no-shrink"];
    expect(parseOptions(argv)).toMatchObject({
      seed: 7,
      seeds: 1,
      peers: 100,
      minutes: 0.5,
      keep: [3, 14],
      shrink: false,
      trace: false,
    });
    expect(parseOptions(["--keep", "none"])).toMatchObject({ keep: [] });
    expect(parseOptions(["--hunt"])).toMatchObject({ hunt: true, seeds: 1_000 });
    expect(parseOptions(["--help"])).toBe("help");
  });

  it.each([
    [["--seeds", "many"], "--seeds many: expected an integer from 1"],
    [["--peers", "0"], "--peers 0: expected an integer from 1"],
    [["--minutes=-1"], "--minutes -1: expected a number above 0"],
    [["--keep", "1,,2"], "--keep : expected an integer from 0"],
    [["--seeds", "5", "--trace"], "--trace and --keep are for one seed"],
    [["--sedes", "5"], "--sedes"],
  ])("%j are refused, and it is said which and why", (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });
});
