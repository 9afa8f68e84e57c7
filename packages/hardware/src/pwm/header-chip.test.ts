import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileTree } from "../linux/file-tree.ts";
import { type Files, writeFiles } from "../linux/pi-fixtures.ts";
import { channelNumber, findHeaderPwmChip } from "./header-chip.ts";

/** A controller as the kernel shows it: `device` is its path below /sys/devices/platform. */
function chip(name: string, device: string, channels: number): Files {
  return {
    [`sys/devices/platform/${device}/pwm/${name}/npwm`]: `${channels}\n`,
    [`sys/devices/platform/${device}/pwm/${name}/device`]: { link: "../.." },
    [`sys/class/pwm/${name}`]: { link: `../../devices/platform/${device}/pwm/${name}` },
  };
}

const cells = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
};

const pi4 = {
  ...chip("pwmchip0", "soc/fe20c800.pwm", 2),
  ...chip("pwmchip1", "soc/fe20c000.pwm", 2),
};
const pi5 = {
  ...chip("pwmchip0", "axi/1000120000.pcie/1f0009c000.pwm", 4),
  ...chip("pwmchip6", "axi/1000120000.pcie/1f00098000.pwm", 4),
};

describe("the PWM controller of the header", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "pwm-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const find = (files: Files, name = "") => {
    writeFiles(root, files);
    return findHeaderPwmChip(new FileTree(root), name);
  };

  it("is told from that of the audio jack on a Pi 4", async () => {
    expect(await find(pi4)).toEqual({ name: "pwmchip1", channels: 2, connected: undefined });
  });

  it("is told from that of the fan on a Pi 5", async () => {
    expect(await find(pi5)).toEqual({ name: "pwmchip6", channels: 4, connected: undefined });
  });

  it("is not there while it is off", async () => {
    expect(await find(chip("pwmchip0", "soc/fe20c800.pwm", 2))).toBeUndefined();
    expect(await find({})).toBeUndefined();
  });

  it("can be named on a machine that is no Raspberry Pi", async () => {
    expect(await find(chip("pwmchip3", "tegra.pwm", 1), "pwmchip3")).toMatchObject({ name: "pwmchip3" });
  });

  it("leads to the pins that an overlay has set up, by their numbers", async () => {
    const base = "sys/firmware/devicetree/base";
    const found = await find({
      ...pi4,
      "sys/devices/platform/soc/fe20c000.pwm/of_node": {
        link: "../../../../firmware/devicetree/base/soc/pwm@7e20c000",
      },
      [`${base}/soc/pwm@7e20c000/pinctrl-0`]: cells(0x51),
      [`${base}/soc/gpio@7e200000/pwm_pins/phandle`]: cells(0x51),
      [`${base}/soc/gpio@7e200000/pwm_pins/brcm,pins`]: cells(18, 19),
      [`${base}/soc/gpio@7e200000/i2c1_pins/phandle`]: cells(0x52),
      [`${base}/soc/gpio@7e200000/i2c1_pins/brcm,pins`]: cells(2, 3),
    });
    expect(found?.connected).toEqual(new Set([18, 19]));
  });

  it("leads to the pins that an overlay has set up, by their names", async () => {
    const base = "sys/firmware/devicetree/base";
    const found = await find({
      ...pi5,
      "sys/devices/platform/axi/1000120000.pcie/1f00098000.pwm/of_node": {
        link: "../../../../../firmware/devicetree/base/axi/pcie@1000120000/rp1/pwm@98000",
      },
      [`${base}/axi/pcie@1000120000/rp1/pwm@98000/pinctrl-0`]: cells(7),
      [`${base}/axi/pcie@1000120000/rp1/gpio@d0000/pwm_pins/phandle`]: cells(7),
      [`${base}/axi/pcie@1000120000/rp1/gpio@d0000/pwm_pins/pins`]: "gpio12\0gpio13\0",
    });
    expect(found?.connected).toEqual(new Set([12, 13]));
  });
});

describe("a channel of the header", () => {
  it("has the number at the end of its name", () => {
    expect(channelNumber({ channel: "pwm0" })).toBe(0);
    expect(channelNumber({ channel: "pwm3" })).toBe(3);
  });
});
