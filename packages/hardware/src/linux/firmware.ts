import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { FileTree } from "./file-tree.ts";

/** The kernel's driver for a Pi's firmware; its devices are named differently on every model. */
const DRIVER = "sys/bus/platform/drivers/raspberrypi-firmware";
const VCGENCMD_TIMEOUT_MS = 1_000;

/** Reads the firmware's throttling flags as text, in one of the forms that `parseThrottlingBits` takes. */
export type ThrottlingSource = () => Promise<string | undefined>;

/**
 * Finds out how this machine tells its throttling flags: the file that Raspberry Pi's kernel offers costs
 * one read; `vcgencmd` starts a process each time, needs /dev/vcio, and comes second.
 *
 * @param allowCommand false where the files are a copy of another machine's
 * @returns undefined when it does not tell
 */
export async function findThrottlingSource(
  files: FileTree,
  allowCommand: boolean,
): Promise<ThrottlingSource | undefined> {
  for (const device of await files.list(DRIVER)) {
    const path = `${DRIVER}/${device}/get_throttled`;
    if ((await files.text(path)) !== undefined) return () => files.text(path);
  }
  const hasFirmware = (await files.list("dev")).includes("vcio");
  return allowCommand && hasFirmware ? vcgencmd : undefined;
}

async function vcgencmd(): Promise<string> {
  const { stdout } = await promisify(execFile)("vcgencmd", ["get_throttled"], {
    timeout: VCGENCMD_TIMEOUT_MS,
  });
  return stdout;
}
