import type { PwmPin } from "../header/header.ts";
import type { FileTree } from "../linux/file-tree.ts";

/** The PWM controller that the header's pins lead to. */
export interface HeaderPwmChip {
  /** As `pwmchip0`. */
  readonly name: string;
  readonly channels: number;
  /** Pins that lead to it as the board is set up now; undefined where the device tree does not say. */
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
const DEVICE_TREE = "sys/firmware/devicetree/base";
/** Nodes of pin controllers are no deeper than `/axi/pcie@1000120000/rp1/gpio@d0000`. */
const MAX_DEPTH = 5;

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
    return { name, channels, connected: await connectedPins(files, name) };
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

/**
 * Which pins are set up for the controller: those of the pin groups that its node names in `pinctrl-0`, put there by
 * `dtoverlay=pwm` or `pwm-2chan`. A pin that is not among them carries no signal, whatever is written to the channel.
 */
async function connectedPins(files: FileTree, name: string): Promise<ReadonlySet<number> | undefined> {
  const groups = await files.bytes(`${CLASS}/${name}/device/of_node/pinctrl-0`);
  if (groups === undefined) return undefined;
  const wanted = new Set(words(groups));
  const pins = new Set<number>();
  for (const group of await pinGroups(files, DEVICE_TREE, 0)) {
    const handle = await files.bytes(`${group}/phandle`);
    if (handle === undefined || !wanted.has(words(handle)[0] ?? -1)) continue;
    // `brcm,pins` holds numbers, `pins` names such as `gpio18`.
    const numbers = await files.bytes(`${group}/brcm,pins`);
    const named = (await files.bytes(`${group}/pins`))?.toString("utf8") ?? "";
    for (const pin of numbers === undefined ? [] : words(numbers)) pins.add(pin);
    for (const [, pin] of named.matchAll(/gpio(\d+)/g)) pins.add(Number(pin));
  }
  return pins.size === 0 ? undefined : pins;
}

/** Folders of pin groups: the children of all GPIO controllers, and theirs. */
async function pinGroups(files: FileTree, folder: string, depth: number): Promise<string[]> {
  if (depth > MAX_DEPTH) return [];
  const found: string[] = [];
  for (const entry of await files.list(folder)) {
    const path = `${folder}/${entry}`;
    if (folder.includes("/gpio@")) found.push(path);
    if (/^(soc|axi|rp1|pcie@.*|gpio@.*)$/.test(entry) || folder.includes("/gpio@")) {
      found.push(...(await pinGroups(files, path, depth + 1)));
    }
  }
  return found;
}

/** A device tree's cells: 32 bits, big end first. */
function words(bytes: Buffer): number[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readUInt32BE(index * 4));
}
