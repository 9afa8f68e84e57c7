import type { FileTree } from "./file-tree.ts";
import { DEVICE_TREE, pinsOfNode } from "./pin-groups.ts";

const ALIASES = `${DEVICE_TREE}/aliases`;
/** Of the header: 28 and up lead to what is on the board, as 32 and 33 to Bluetooth. */
const LAST_HEADER_PIN = 27;

/**
 * Which UARTs are on and led to the header, as the device tree says: which of them a program, a console or nobody has
 * open changes nothing of their pins. Where a node names no pins, the firmware has set them: those of the primary
 * UART, which `serial0` stands for, are on the header then (on a Pi 5 it has a connector of its own, as `uart10`).
 * Source: Raspberry Pi documentation, "Configure UARTs", "Primary UART"; Linux for Raspberry Pi, aliases in
 * arch/arm/boot/dts/broadcom/bcm27*.dts and arch/arm64/boot/dts/broadcom/bcm2712-rpi.dtsi, and
 * arch/arm/boot/dts/overlays/disable-bt-overlay.dts, uart0-pi5-overlay.dts.
 *
 * @returns as `uart-0`
 */
export async function headerUarts(files: FileTree): Promise<string[]> {
  const primary = await files.text(`${ALIASES}/serial0`);
  const found: string[] = [];
  for (const alias of await files.list(ALIASES)) {
    const number = /^uart([0-5])$/.exec(alias)?.[1];
    const path = number === undefined ? undefined : await files.text(`${ALIASES}/${alias}`);
    if (path === undefined || !path.startsWith("/")) continue;
    const node = `${DEVICE_TREE}${path}`;
    const status = await files.text(`${node}/status`);
    if (status !== undefined && status !== "okay" && status !== "ok") continue;
    const pins = await pinsOfNode(files, node);
    const isOnHeader =
      pins === undefined ? path === primary : [...pins].some((pin) => pin <= LAST_HEADER_PIN);
    if (isOnHeader) found.push(`uart-${number}`);
  }
  return found;
}
