import type { Board } from "@pi-controller/schema";
import type { FileTree } from "./file-tree.ts";

type GpioChip = Board["gpioChips"][number];

/**
 * The label and number of lines of the controllers that carry a Pi's header, by the name of their driver
 * in the device tree: for kernels built without GPIO's old sysfs interface, where only an ioctl would tell.
 * Source: Linux, drivers/pinctrl/bcm/pinctrl-bcm2835.c and drivers/pinctrl/pinctrl-rp1.c.
 */
const chipOfCompatible: Readonly<Record<string, Omit<GpioChip, "name">>> = {
  "brcm,bcm2835-gpio": { label: "pinctrl-bcm2835", lines: 54 },
  "brcm,bcm2711-gpio": { label: "pinctrl-bcm2711", lines: 58 },
  "raspberrypi,rp1-gpio": { label: "pinctrl-rp1", lines: 54 },
};

/**
 * GPIO controllers with their labels. The kernel shows a controller in two places: as the character device
 * `gpiochip0` on the GPIO bus, and, with its label, in /sys/class/gpio, there numbered by its first line
 * (`gpiochip512`) and, from Linux 6.17 on, by its device (`chip0`) too.
 */
export async function findGpioChips(files: FileTree): Promise<GpioChip[]> {
  const labelled = await labelledChips(files);
  const names = (await files.list("sys/bus/gpio/devices")).filter((name) => /^gpiochip\d+$/.test(name));
  const chips = names.map(async (name) => ({
    name,
    ...(labelled.get(name) ?? (await chipFromDeviceTree(files, name))),
  }));
  return Promise.all(chips);
}

async function labelledChips(files: FileTree): Promise<Map<string, Omit<GpioChip, "name">>> {
  const found = new Map<string, Omit<GpioChip, "name">>();
  /** Controllers that share one parent device appear in the same order in both places. */
  const takenOfParent = new Map<string, number>();
  for (const entry of await files.list("sys/class/gpio")) {
    const folder = `sys/class/gpio/${entry}`;
    const label = await files.text(`${folder}/label`);
    const lines = await files.number(`${folder}/ngpio`);
    if (label === undefined || lines === undefined) continue;
    const byDevice = /^chip(\d+)$/.exec(entry)?.[1];
    if (byDevice !== undefined) {
      found.set(`gpiochip${byDevice}`, { label, lines });
      continue;
    }
    const parent = (await files.resolve(`${folder}/device`)) ?? folder;
    const siblings = (await files.list(`${folder}/device`)).filter((name) => /^gpiochip\d+$/.test(name));
    const taken = takenOfParent.get(parent) ?? 0;
    takenOfParent.set(parent, taken + 1);
    const name = siblings[taken];
    if (name !== undefined && !found.has(name)) found.set(name, { label, lines });
  }
  return found;
}

async function chipFromDeviceTree(files: FileTree, name: string): Promise<Omit<GpioChip, "name">> {
  const folder = `sys/bus/gpio/devices/${name}`;
  const compatible = (await files.bytes(`${folder}/of_node/compatible`))?.toString("utf8").split("\0") ?? [];
  for (const driver of compatible) {
    const chip = chipOfCompatible[driver];
    if (chip !== undefined) return chip;
  }
  // Last resort: the device that it belongs to, as `1f000d0000.gpio`.
  const device = (await files.resolve(folder))?.split("/").at(-2);
  return { label: device ?? name, lines: 0 };
}
