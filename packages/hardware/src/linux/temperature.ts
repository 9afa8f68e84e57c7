import type { FileTree } from "./file-tree.ts";

/** Names of sensors that measure the processor: thermal zones first, then hwmon drivers. */
const PROCESSOR_ZONE = /^(cpu|soc|x86_pkg_temp|acpitz)/;
const PROCESSOR_HWMON = /^(cpu_thermal|coretemp|k10temp|soc_thermal)$/;

/**
 * Finds the file with the processor's temperature, in thousandths of a degree Celsius. On a Pi it is the
 * thermal zone `cpu-thermal`.
 *
 * @returns its path, or undefined when the machine has none
 */
export async function findTemperatureFile(files: FileTree): Promise<string | undefined> {
  for (const zone of await files.list("sys/class/thermal")) {
    const type = await files.text(`sys/class/thermal/${zone}/type`);
    if (zone.startsWith("thermal_zone") && type !== undefined && PROCESSOR_ZONE.test(type)) {
      return `sys/class/thermal/${zone}/temp`;
    }
  }
  for (const monitor of await files.list("sys/class/hwmon")) {
    const name = await files.text(`sys/class/hwmon/${monitor}/name`);
    if (name !== undefined && PROCESSOR_HWMON.test(name)) return `sys/class/hwmon/${monitor}/temp1_input`;
  }
  return undefined;
}
