import { seededRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { MAX_REQUEST_BYTES } from "../network.ts";
import { encodeFrame, FRAME_PAYLOAD_BYTES, type Frame, FrameReader } from "./request-frames.ts";

const part = Uint8Array.from([1, 2, 3]);
const frames: Frame[] = [
  { kind: "request", id: 7, timeoutMs: 1_500, totalBytes: 3, method: "membership.probe", part },
  { kind: "answer", id: 2 ** 32 - 1, totalBytes: 3, part },
  { kind: "more", id: 0, part },
  {
    kind: "error",
    id: 9,
    error: { ok: false, code: "NOT_FOUND", message: "No such pin", details: { retryAfterMs: 10 } },
  },
  { kind: "cancel", id: 1 },
  { kind: "ping", id: 2 },
  { kind: "pong", id: 3 },
];

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

describe("FrameReader", () => {
  it("reads every kind of frame as it was written, however the bytes are cut", () => {
    const bytes = joined(frames.map(encodeFrame));
    for (const chunkBytes of [1, 3, 7, 1_000]) {
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let start = 0; start < bytes.byteLength; start += chunkBytes) {
        read.push(...reader.read(bytes.subarray(start, start + chunkBytes)));
      }
      expect(read).toEqual(frames);
    }
  });

  it("does not wait for a frame that is too large", () => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, 100 * 1024 * 1024);
    expect(() => [...new FrameReader().read(bytes)]).toThrow("a frame of 104857600 bytes");
  });

  it.each([
    ["a payload over the limit", { ...frames[0], totalBytes: MAX_REQUEST_BYTES + 1 } as Frame],
    ["more payload than announced", { ...frames[1], totalBytes: 2 } as Frame],
  ])("does not take %s", (_what, frame) => {
    expect(() => [...new FrameReader().read(encodeFrame(frame))]).toThrow(MeshError);
  });

  it("throws nothing but MeshErrors for random bytes", () => {
    const seed = 23;
    const random = seededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const length = 9 + Math.floor(random.next() * 40);
      const bytes = Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
      // Half of them get a length and a kind that pass, to come further.
      if (round % 2 === 0) {
        new DataView(bytes.buffer).setUint32(0, length - 4);
        bytes[4] = Math.floor(random.next() * 8);
      }
      try {
        Array.from(new FrameReader().read(bytes));
      } catch (error) {
        expect(error, `seed ${seed}, round ${round}`).toBeInstanceOf(MeshError);
      }
    }
  });

  it("sends a long error in a frame that the other side takes", () => {
    const error = {
      ok: false,
      code: "INTERNAL",
      message: "x".repeat(FRAME_PAYLOAD_BYTES),
      details: {},
    } as const;
    const [read] = new FrameReader().read(encodeFrame({ kind: "error", id: 1, error }));
    expect(read).toMatchObject({ kind: "error", error: { code: "INTERNAL" } });
  });
});
