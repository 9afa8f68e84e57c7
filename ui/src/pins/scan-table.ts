/** Addresses that are asked: the others are reserved by the I2C specification (UM10204, 3.1.12). */
const FIRST_ADDRESS = 0x03;
const LAST_ADDRESS = 0x77;

export interface ScanCell {
  readonly address: number;
  /** `outside`: such an address is not asked. `silent`: nothing answered. */
  readonly state: "outside" | "silent" | "answers" | "reserved";
}

/** The answers of a bus as `i2cdetect` lays them out: eight rows of sixteen addresses. */
export function scanRows(
  answering: readonly number[],
  reserved: ReadonlySet<number>,
): readonly (readonly ScanCell[])[] {
  return Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 16 }, (_, column) => {
      const address = row * 16 + column;
      return { address, state: stateOf(address, answering, reserved) };
    }),
  );
}

function stateOf(
  address: number,
  answering: readonly number[],
  reserved: ReadonlySet<number>,
): ScanCell["state"] {
  if (address < FIRST_ADDRESS || address > LAST_ADDRESS) return "outside";
  if (reserved.has(address)) return "reserved";
  return answering.includes(address) ? "answers" : "silent";
}
