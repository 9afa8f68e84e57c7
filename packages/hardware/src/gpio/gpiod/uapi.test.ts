import { describe, expect, it } from "vitest";
import {
  attributeIds,
  calls,
  decodeChipInfo,
  decodeEvent,
  decodeLineInfo,
  descriptorOf,
  EVENT_BYTES,
  emptyChipInfo,
  encodeConfig,
  encodeRequest,
  lineFlags,
  lineInfoOf,
} from "./uapi.ts";

/** What a C program with <linux/gpio.h> of Linux 6.1 made of the same values. */
const fromC = {
  sizes: { chipInfo: 68, lineInfo: 256, request: 592, config: 272, values: 16, event: 48 },
  offsets: "110000001b0000000000000000000000",
  consumer: "70692d636f6e74726f6c6c6572000000",
  config: [
    "0a00000000000000030000000000000000000000000000000000000000000000",
    "010000000000000034010000000000000200000000000000",
    "020000000000000001000000000000000100000000000000",
    "030000000000000088130000000000000200000000000000",
  ].join(""),
  tail: "0200000000020000000000000000000000000000000000000000000000000000",
  event: "080706050403020102000000110000000900000005000000".padEnd(96, "0"),
  lineInfo: `4750494f3137${"00".repeat(26)}626c696e6b79${"00".repeat(26)}11000000000000000900000000000000`,
  chipInfo: `6770696f6368697030${"00".repeat(23)}70696e6374726c2d62636d32373131${"00".repeat(17)}3a000000`,
} as const;

const config = {
  flags: lineFlags.output | lineFlags.activeLow,
  attributes: [
    {
      id: attributeIds.flags,
      value: BigInt(lineFlags.input | lineFlags.pullUp | lineFlags.edgeRising | lineFlags.edgeFalling),
      mask: 2n,
    },
    { id: attributeIds.values, value: 1n, mask: 1n },
    { id: attributeIds.debounce, value: 5_000n, mask: 2n },
  ],
};

describe("the bytes of the kernel's GPIO interface", () => {
  it("are as many as the numbers of the calls say", () => {
    const sizeIn = (call: number) => (call >>> 16) & 0x3fff;
    expect(emptyChipInfo()).toHaveLength(fromC.sizes.chipInfo);
    expect(lineInfoOf(0)).toHaveLength(fromC.sizes.lineInfo);
    expect(encodeConfig(config)).toHaveLength(fromC.sizes.config);
    expect(EVENT_BYTES).toBe(fromC.sizes.event);
    expect(sizeIn(calls.chipInfo)).toBe(fromC.sizes.chipInfo);
    expect(sizeIn(calls.lineInfo)).toBe(fromC.sizes.lineInfo);
    expect(sizeIn(calls.requestLines)).toBe(fromC.sizes.request);
    expect(sizeIn(calls.setConfig)).toBe(fromC.sizes.config);
    expect(sizeIn(calls.getValues)).toBe(fromC.sizes.values);
    expect(sizeIn(calls.setValues)).toBe(fromC.sizes.values);
  });

  it("of a request are those that C makes", () => {
    const bytes = encodeRequest({ lines: [17, 27], consumer: "pi-controller", config, eventBufferSize: 512 });
    expect(bytes).toHaveLength(fromC.sizes.request);
    expect(bytes.toString("hex", 0, 16)).toBe(fromC.offsets);
    expect(bytes.toString("hex", 256, 272)).toBe(fromC.consumer);
    expect(bytes.toString("hex", 288, 392)).toBe(fromC.config);
    expect(bytes.toString("hex", 560)).toBe(fromC.tail);
    bytes.writeInt32LE(23, 588);
    expect(descriptorOf(bytes)).toBe(23);
  });

  it("of a consumer that is too long end with a zero", () => {
    const bytes = encodeRequest({ lines: [1], consumer: "x".repeat(50), config, eventBufferSize: 0 });
    expect(bytes.toString("latin1", 256, 288)).toBe(`${"x".repeat(31)}\0`);
  });

  it("of an event, a line and a chip are read as C wrote them", () => {
    expect(decodeEvent(Buffer.from(`ff${fromC.event}`, "hex"), 1)).toEqual({
      timestampNs: 0x0102_0304_0506_0708n,
      rising: false,
      line: 17,
      lineSequence: 5,
    });
    expect(decodeLineInfo(Buffer.from(fromC.lineInfo, "hex"))).toEqual({ used: true, consumer: "blinky" });
    expect(decodeChipInfo(Buffer.from(fromC.chipInfo, "hex"))).toEqual({
      name: "gpiochip0",
      label: "pinctrl-bcm2711",
      lines: 58,
    });
  });
});
