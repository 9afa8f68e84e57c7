/** Addresses below and above are reserved by the I2C specification (NXP UM10204, table 4), as i2cdetect takes them. */
export const FIRST_ADDRESS = 0x03;
export const LAST_ADDRESS = 0x77;

/** As people write it: `0x48`. */
export function addressText(address: number): string {
  return `0x${address.toString(16).padStart(2, "0")}`;
}
