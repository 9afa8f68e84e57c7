import { constants } from "node:os";
import { silentLogger } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { gpiodDriver } from "./gpiod-driver.ts";
import { gpiodError } from "./gpiod-errors.ts";

// What it does with a chip is tested in test/kernel, under a kernel that has one.
describe("gpiodDriver without a chip", () => {
  const input = { direction: "input", pull: "none", activeLow: false, edges: "none", debounceMs: 0 } as const;

  it("says that there is none of that name", async () => {
    const driver = gpiodDriver({ logger: silentLogger }, { chip: "no-such-chip", chips: [] });
    await expect(driver.start(AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("no-such-chip"),
    });
    await driver.stop();
  });

  it("says that the device of a chip is missing", async () => {
    const chips = [{ name: "gpiochip99", label: "pinctrl-rp1", lines: 54 }];
    const driver = gpiodDriver({ logger: silentLogger }, { chip: "pinctrl-rp1", chips });
    await expect(driver.start(AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("/dev/gpiochip99"),
    });
  });

  it("refuses calls before it was started, but releasing nothing is fine", async () => {
    const driver = gpiodDriver({ logger: silentLogger }, { chip: "pinctrl-rp1", chips: [] });
    const refused = { code: "FAILED_PRECONDITION" };
    await expect(driver.configure(new Map([[1, input]]))).rejects.toMatchObject(refused);
    await expect(driver.read([1])).rejects.toMatchObject(refused);
    await expect(driver.write([{ line: 1, level: "high" }])).rejects.toMatchObject(refused);
    await driver.release(1, "input");
    await driver.stop();
  });
});

describe("gpiodError", () => {
  const { EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOTTY } = constants.errno;

  it.each([
    [EACCES, "FAILED_PRECONDITION", "group gpio"],
    [EBUSY, "FAILED_PRECONDITION", "another program"],
    [ENOTTY, "FAILED_PRECONDITION", "Linux 5.10"],
    [EINVAL, "UNIMPLEMENTED", "does not support"],
    [ENODEV, "UNAVAILABLE", "has gone"],
    [EIO, "UNAVAILABLE", "EIO"],
  ])("makes of error %i %s", (errno, code, message) => {
    const error = gpiodError(errno, "set up GPIO18");
    expect(error.code).toBe(code);
    expect(error.message).toContain("set up GPIO18");
    expect(error.message).toContain(message);
  });
});
