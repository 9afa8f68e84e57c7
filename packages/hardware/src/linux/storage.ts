import type { Board } from "@pi-controller/schema";
import type { FileTree } from "./file-tree.ts";

type StorageDevice = Board["storage"][number];

/** Not disks: memory, loop mounts, optical drives and the boot areas inside an eMMC. */
const NOT_STORAGE = /^(loop|ram|zram|sr|fd|dm-|md|nbd)|^mmcblk\d+(boot|rpmb)/;
/** /sys/block/*\/size counts these, whatever the device's own sectors are. */
const SECTOR_BYTES = 512;

/** Disks of the machine, from /sys/block, and which one the root file system is on. */
export async function findStorage(files: FileTree): Promise<StorageDevice[]> {
  const names = (await files.list("sys/block")).filter((name) => !NOT_STORAGE.test(name));
  const rootPartition = await rootDevice(files);
  const devices = await Promise.all(
    names.map(async (name): Promise<StorageDevice> => {
      const sectors = (await files.number(`sys/block/${name}/size`)) ?? 0;
      const partitions = await files.list(`sys/block/${name}`);
      return {
        name,
        type: await storageType(files, name),
        bytes: sectors * SECTOR_BYTES,
        root: rootPartition !== undefined && (rootPartition === name || partitions.includes(rootPartition)),
      };
    }),
  );
  // A card reader without a card has no size.
  return devices.filter((device) => device.bytes > 0);
}

async function storageType(files: FileTree, name: string): Promise<StorageDevice["type"]> {
  if (name.startsWith("nvme")) return "nvme";
  if (name.startsWith("mmcblk")) {
    // `SD` or `MMC`, as the card answered (Linux, drivers/mmc/core/bus.c).
    return (await files.text(`sys/block/${name}/device/type`)) === "MMC" ? "emmc" : "sd-card";
  }
  if ((await files.resolve(`sys/block/${name}`))?.includes("/usb")) return "usb";
  if (!name.startsWith("sd")) return "unknown";
  return (await files.number(`sys/block/${name}/queue/rotational`)) === 1 ? "hdd" : "ssd";
}

/** Name of the partition or disk that is mounted at `/`, as `mmcblk0p2`. */
async function rootDevice(files: FileTree): Promise<string | undefined> {
  const mountInfo = (await files.text("proc/self/mountinfo")) ?? "";
  for (const line of mountInfo.split("\n")) {
    // Fields of proc_pid_mountinfo(5): id, parent, major:minor, root, mount point, ..., "-", type, source.
    const [before = "", after = ""] = line.split(" - ");
    const [, , deviceNumber, , mountPoint] = before.split(" ");
    if (mountPoint !== "/") continue;
    const source = after.split(" ")[1] ?? "";
    if (/^\/dev\/(?!root$)/.test(source)) return source.slice("/dev/".length);
    const uevent = (await files.text(`sys/dev/block/${deviceNumber}/uevent`)) ?? "";
    return /^DEVNAME=(.+)$/m.exec(uevent)?.[1];
  }
  return undefined;
}
