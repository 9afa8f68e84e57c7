/**
 * The kernel's GPIO interface as bytes. Source: Linux, include/uapi/linux/gpio.h, "ABI v2" (from Linux 5.10 on).
 * All machines that this runs on put the small end of a number first.
 */

/** Numbers of the calls: direction, size of the structure, type 0xB4 and number. */
export const calls = {
  chipInfo: 0x8044_b401,
  lineInfo: 0xc100_b405,
  requestLines: 0xc250_b407,
  setConfig: 0xc110_b40d,
  getValues: 0xc010_b40e,
  setValues: 0xc010_b40f,
} as const;

const CHIP_INFO_BYTES = 68;
const LINE_INFO_BYTES = 256;
const REQUEST_BYTES = 592;
const CONFIG_BYTES = 272;
export const EVENT_BYTES = 48;

const NAME_BYTES = 32;
const MAX_LINES = 64;
export const MAX_ATTRIBUTES = 10;
const ATTRIBUTE_BYTES = 24;

export const lineFlags = {
  used: 1 << 0,
  activeLow: 1 << 1,
  input: 1 << 2,
  output: 1 << 3,
  edgeRising: 1 << 4,
  edgeFalling: 1 << 5,
  openDrain: 1 << 6,
  openSource: 1 << 7,
  pullUp: 1 << 8,
  pullDown: 1 << 9,
  pullDisabled: 1 << 10,
} as const;

export const attributeIds = { flags: 1, values: 2, debounce: 3 } as const;

/** What holds for some lines of a request. Bit N of a mask is the N-th of its lines. */
export interface LineAttribute {
  readonly id: (typeof attributeIds)[keyof typeof attributeIds];
  /** Flags, values as a mask, or microseconds. */
  readonly value: bigint;
  readonly mask: bigint;
}

export interface LinesConfig {
  /** Of lines for which no attribute says otherwise. */
  readonly flags: number;
  /** 10 at most. */
  readonly attributes: readonly LineAttribute[];
}

/** struct gpio_v2_line_config */
export function encodeConfig({ flags, attributes }: LinesConfig): Buffer {
  const bytes = Buffer.alloc(CONFIG_BYTES);
  bytes.writeBigUInt64LE(BigInt(flags), 0);
  bytes.writeUInt32LE(attributes.length, 8);
  attributes.forEach(({ id, value, mask }, index) => {
    const at = 32 + index * ATTRIBUTE_BYTES;
    bytes.writeUInt32LE(id, at);
    bytes.writeBigUInt64LE(value, at + 8);
    bytes.writeBigUInt64LE(mask, at + 16);
  });
  return bytes;
}

export interface LinesRequest {
  /** 64 at most. */
  readonly lines: readonly number[];
  /** Who has the lines, for people. */
  readonly consumer: string;
  readonly config: LinesConfig;
  /** How many events the kernel keeps. */
  readonly eventBufferSize: number;
}

/** struct gpio_v2_line_request */
export function encodeRequest({ lines, consumer, config, eventBufferSize }: LinesRequest): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES);
  lines.forEach((line, index) => bytes.writeUInt32LE(line, index * 4));
  bytes.write(consumer, MAX_LINES * 4, NAME_BYTES - 1, "utf8");
  const configAt = MAX_LINES * 4 + NAME_BYTES;
  encodeConfig(config).copy(bytes, configAt);
  bytes.writeUInt32LE(lines.length, configAt + CONFIG_BYTES);
  bytes.writeUInt32LE(eventBufferSize, configAt + CONFIG_BYTES + 4);
  return bytes;
}

/** The descriptor that the kernel put into a request. */
export function descriptorOf(request: Buffer): number {
  return request.readInt32LE(REQUEST_BYTES - 4);
}

/** struct gpiochip_info, to be filled. */
export function emptyChipInfo(): Buffer {
  return Buffer.alloc(CHIP_INFO_BYTES);
}

/** @param bytes struct gpiochip_info, filled by the kernel */
export function decodeChipInfo(bytes: Buffer): {
  readonly name: string;
  readonly label: string;
  readonly lines: number;
} {
  return {
    name: text(bytes, 0),
    label: text(bytes, NAME_BYTES),
    lines: bytes.readUInt32LE(2 * NAME_BYTES),
  };
}

/** struct gpio_v2_line_info, to be filled. */
export function lineInfoOf(line: number): Buffer {
  const bytes = Buffer.alloc(LINE_INFO_BYTES);
  bytes.writeUInt32LE(line, 2 * NAME_BYTES);
  return bytes;
}

/** @param bytes struct gpio_v2_line_info, filled by the kernel; the consumer is empty when it gave no name */
export function decodeLineInfo(bytes: Buffer): { readonly used: boolean; readonly consumer: string } {
  const flags = Number(bytes.readBigUInt64LE(2 * NAME_BYTES + 8) & 0xffff_ffffn);
  return { used: (flags & lineFlags.used) !== 0, consumer: text(bytes, NAME_BYTES) };
}

export interface LineEvent {
  readonly timestampNs: bigint;
  readonly rising: boolean;
  readonly line: number;
  /** Of the events of this line since it was requested, from 1; goes round at 2^32. */
  readonly lineSequence: number;
}

/** struct gpio_v2_line_event */
export function decodeEvent(bytes: Buffer, at: number): LineEvent {
  return {
    timestampNs: bytes.readBigUInt64LE(at),
    rising: bytes.readUInt32LE(at + 8) === 1,
    line: bytes.readUInt32LE(at + 12),
    lineSequence: bytes.readUInt32LE(at + 20),
  };
}

function text(bytes: Buffer, at: number): string {
  const field = bytes.subarray(at, at + NAME_BYTES);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? NAME_BYTES : end);
}
