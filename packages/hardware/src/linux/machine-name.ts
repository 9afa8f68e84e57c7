import type { FileTree } from "./file-tree.ts";

/** What container engines leave in the root of a container. */
const CONTAINER_MARKS = [".dockerenv", "run/.containerenv"];

/**
 * The name of a machine without a device tree, from what the firmware of PCs and virtual machines says (SMBIOS, in
 * sysfs), else that it is a container. Read here although systeminformation knows it too: that costs 4 to 11 MB of
 * memory, and runs commands synchronously, so that this process does nothing else for 25 ms in the middle of its start.
 *
 * @returns undefined when no file says it
 */
export async function machineName(files: FileTree): Promise<string | undefined> {
  const parts = [
    await files.text("sys/class/dmi/id/sys_vendor"),
    await files.text("sys/class/dmi/id/product_name"),
  ];
  const name = parts.flatMap((part) => part?.trim() || []).join(" ");
  if (name !== "") return name;
  for (const mark of CONTAINER_MARKS) if ((await files.text(mark)) !== undefined) return "Container";
  return undefined;
}
