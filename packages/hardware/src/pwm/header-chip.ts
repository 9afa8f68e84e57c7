import type { PwmPin } from "../header/header.ts";
import type { FileTree } from "../linux/file-tree.ts";
import { pinsOfNode } from "../linux/pin-groups.ts";

/** The PWM controller that the header's pins lead to. */
export interface HeaderPwmChip {
  /** As `pwmchip0`. */
  readonly name: string;
  readonly channels: number;
  /**
   * Pins that lead to it as the board is set up now, by `dtoverlay=pwm` or `pwm-2chan`; undefined where the device tree
   * does not say. Another one carries no signal, whatever is written to the channel.
   */
  readonly connected: ReadonlySet<number> | undefined;
}

/**
 * Platform devices of the controllers that carry the header's PWM, by their bus address. A Pi 4 has a second one for
 * its audio jack (`fe20c800.pwm`), a Pi 5 one for its fan (`1f0009c000.pwm`).
 * Source: Raspberry Pi's Linux, arch/arm/boot/dts/broadcom/bcm283x.dtsi and bcm2711.dtsi (`pwm: pwm@7e20c000`),
 * arch/arm64/boot/dts/broadcom/rp1.dtsi (`rp1_pwm0: pwm@98000`).
 */
const HEADER_DEVICE = /(?:^|\/)(?:(?:fe|3f|20|7e)20c000|1f00098000)\.pwm$/;

const CLASS = "sys/class/pwm";

/**
 * Finds the controller of the header. Its number depends on which one the kernel saw first.
 *
 * @param chip name of the one to take on a machine that is no Raspberry Pi; empty: by its place on the bus
 * @returns undefined when it is off
 */
export async function findHeaderPwmChip(files: FileTree, chip: string): Promise<HeaderPwmChip | undefined> {
  for (const name of await files.list(CLASS)) {
    if (!name.startsWith("pwmchip") || !(await isTheOne(files, name, chip))) continue;
    const channels = (await files.number(`${CLASS}/${name}/npwm`)) ?? 0;
    return { name, channels, connected: await pinsOfNode(files, `${CLASS}/${name}/device/of_node`) };
  }
  return undefined;
}

/** Which of a controller's channels a channel of the header is: `pwm2` is number 2. */
export function channelNumber({ channel }: Pick<PwmPin, "channel">): number {
  return Number(/\d+$/.exec(channel)?.[0] ?? Number.NaN);
}

async function isTheOne(files: FileTree, name: string, chip: string): Promise<boolean> {
  if (chip !== "") return name === chip;
  const device = await files.resolve(`${CLASS}/${name}/device`);
  return device !== undefined && HEADER_DEVICE.test(device);
}
