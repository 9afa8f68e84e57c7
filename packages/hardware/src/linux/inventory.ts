/** Names a machine that none of its files names. */
export type Inventory = () => Promise<string>;

/**
 * Asks systeminformation, which knows the many ways in which PCs, hypervisors and containers tell what
 * they are. Loaded only when called: it costs 4 to 11 MB of memory, and hardly any machine needs it.
 */
export async function askSystemInformation(): Promise<string> {
  const { default: systemInformation } = await import("systeminformation");
  const { manufacturer, model } = await systemInformation.system();
  return [manufacturer, model].filter((part) => part !== "" && part !== "-").join(" ");
}
