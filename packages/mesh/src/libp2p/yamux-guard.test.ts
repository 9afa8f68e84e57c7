import { describe, expect, it } from "vitest";
import { YamuxFrameWatch } from "./yamux-guard.ts";

const DATA = 0;
const WINDOW_UPDATE = 1;

function frame(type: number, length: number, bodyBytes = type === DATA ? length : 0): Uint8Array {
  const bytes = new Uint8Array(12 + bodyBytes);
  bytes[1] = type;
  new DataView(bytes.buffer).setUint32(8, length);
  return bytes;
}

describe("YamuxFrameWatch", () => {
  it("lets frames pass up to the limit, however the bytes are cut", () => {
    const bytes = new Uint8Array(Buffer.concat([frame(DATA, 100), frame(DATA, 0), frame(DATA, 99)]));
    for (const chunkBytes of [1, 5, 12, 64, 1_000]) {
      const watch = new YamuxFrameWatch(100);
      for (let start = 0; start < bytes.byteLength; start += chunkBytes) {
        expect(watch.follow(bytes.subarray(start, start + chunkBytes))).toBe(true);
      }
    }
  });

  it("stops at the header of a frame that is too large", () => {
    const watch = new YamuxFrameWatch(100);
    expect(watch.follow(frame(DATA, 100))).toBe(true);
    expect(watch.follow(frame(DATA, 101, 0))).toBe(false);
  });

  it("does not take the length of other frames for bytes", () => {
    expect(new YamuxFrameWatch(100).follow(frame(WINDOW_UPDATE, 2 ** 32 - 1))).toBe(true);
  });
});
