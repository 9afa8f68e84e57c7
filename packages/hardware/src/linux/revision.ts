/** What a Raspberry Pi's revision code says. */
export interface Revision {
  /** As `pi-4`; `pi-<type in hexadecimal>` for a type that is newer than this table. */
  readonly family: string;
  readonly memoryBytes: number;
  /** The `1` of "Rev 1.1"; the leading number is always 1. */
  readonly boardRevision: number;
}

const MEBIBYTE = 2 ** 20;

/** Type field (bits 4 to 11). Source: Raspberry Pi documentation, "Raspberry Pi revision codes". */
const familyOfType: Readonly<Record<number, string>> = {
  0x00: "pi-a",
  0x01: "pi-b",
  0x02: "pi-a-plus",
  0x03: "pi-b-plus",
  0x04: "pi-2",
  0x06: "cm1",
  0x08: "pi-3",
  0x09: "pi-zero",
  0x0a: "cm3",
  0x0c: "pi-zero-w",
  0x0d: "pi-3-b-plus",
  0x0e: "pi-3-a-plus",
  0x10: "cm3-plus",
  0x11: "pi-4",
  0x12: "pi-zero-2w",
  0x13: "pi-400",
  0x14: "cm4",
  0x15: "cm4s",
  0x17: "pi-5",
  0x18: "cm5",
  0x19: "pi-500",
  0x1a: "cm5-lite",
};

/** Codes from before the Pi 2, which count up instead of carrying fields. Same source. */
const oldStyle: Readonly<Record<number, readonly [family: string, mebibytes: number]>> = {
  0x02: ["pi-b", 256],
  0x03: ["pi-b", 256],
  0x04: ["pi-b", 256],
  0x05: ["pi-b", 256],
  0x06: ["pi-b", 256],
  0x07: ["pi-a", 256],
  0x08: ["pi-a", 256],
  0x09: ["pi-a", 256],
  0x0d: ["pi-b", 512],
  0x0e: ["pi-b", 512],
  0x0f: ["pi-b", 512],
  0x10: ["pi-b-plus", 512],
  0x11: ["cm1", 512],
  0x12: ["pi-a-plus", 256],
  0x13: ["pi-b-plus", 512],
  0x14: ["cm1", 512],
  0x15: ["pi-a-plus", 256],
};

const NEW_STYLE = 1 << 23;

/**
 * Decodes a revision code: `NOQuuuWuFMMMCCCCPPPPTTTTTTTTRRRR` in bits, F (bit 23) set, M the memory
 * (256 MiB doubled M times), T the type, R the revision. Bits above F tell about warranty and
 * overvoltage and are left out of account.
 *
 * @param code hexadecimal, as `d04170`
 * @returns undefined when it is not a revision code
 */
export function decodeRevision(code: string): Revision | undefined {
  if (!/^[0-9a-f]{1,8}$/i.test(code)) return undefined;
  const value = Number.parseInt(code, 16);
  if ((value & NEW_STYLE) === 0) {
    const known = oldStyle[value & 0xff];
    return known && { family: known[0], memoryBytes: known[1] * MEBIBYTE, boardRevision: 0 };
  }
  const type = (value >>> 4) & 0xff;
  return {
    family: familyOfType[type] ?? `pi-${type.toString(16)}`,
    memoryBytes: 256 * MEBIBYTE * 2 ** ((value >>> 20) & 0x7),
    boardRevision: value & 0xf,
  };
}

/** For a board whose firmware gave the kernel no revision code, as under UEFI or QEMU. Longer names first. */
const familyOfModel: readonly (readonly [name: string, family: string])[] = [
  ["Raspberry Pi Compute Module 5", "cm5"],
  ["Raspberry Pi Compute Module 4", "cm4"],
  ["Raspberry Pi Compute Module 3", "cm3"],
  ["Raspberry Pi Zero 2", "pi-zero-2w"],
  ["Raspberry Pi 500", "pi-500"],
  ["Raspberry Pi 400", "pi-400"],
  ["Raspberry Pi 5", "pi-5"],
  ["Raspberry Pi 4", "pi-4"],
  ["Raspberry Pi 3 Model B Plus", "pi-3-b-plus"],
  ["Raspberry Pi 3 Model A Plus", "pi-3-a-plus"],
  ["Raspberry Pi 3", "pi-3"],
];

/** Family by the name in the device tree; `generic` for a machine that is no Raspberry Pi we know. */
export function familyFromModel(model: string): string {
  return familyOfModel.find(([name]) => model.startsWith(name))?.[1] ?? "generic";
}
