/** Names a machine that no device tree names: a PC, a virtual machine, a container. */
export type Inventory = () => Promise<string>;

/**
 * Asks systeminformation, which knows the many ways in which PCs, hypervisors and containers tell what
 * they are. Loaded only when called: a Raspberry Pi never needs it, and it costs 4 to 11 MB of memory.
 */
export async function askSystemInformation(): Promise<string> {
  const { default: systemInformation } = await import("systeminformation");
  const { manufacturer, model } = await systemInformation.system();
  return [manufacturer, model].filter((part) => part !== "" && part !== "-").join(" ");
}
