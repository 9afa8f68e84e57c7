import type { FileTree } from "./file-tree.ts";

/** The device tree as the kernel uses it: what overlays changed is in it. Anybody may read it. */
export const DEVICE_TREE = "sys/firmware/devicetree/base";
/** Nodes of pin controllers are no deeper than `/axi/pcie@1000120000/rp1/gpio@d0000`. */
const MAX_DEPTH = 5;

/**
 * Which pins of the header's chip are set up for a device: those of the pin groups that its node names in `pinctrl-0`.
 *
 * @param node folder of its node
 * @returns BCM numbers; undefined where the device tree names none
 */
export async function pinsOfNode(files: FileTree, node: string): Promise<ReadonlySet<number> | undefined> {
  const groups = await files.bytes(`${node}/pinctrl-0`);
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
