import { describe, expect, test } from "vitest";
import * as z from "zod";
import { decodeFrame, encodeFrame } from "./frame.ts";

const schema = z.object({ name: z.string() });
const bytes = (...values: number[]) => Uint8Array.from(values);

describe("a frame", () => {
  test("carries a header and parts, empty ones too", () => {
    const frame = decodeFrame(schema, encodeFrame({ name: "x" }, [bytes(1, 2), bytes(), bytes(3)]));
    expect(frame.header).toEqual({ name: "x" });
    expect(frame.parts.map((part) => [...part])).toEqual([[1, 2], [], [3]]);
  });

  const whole = encodeFrame({ name: "x" }, [bytes(1, 2, 3)]);
  const broken: Record<string, Uint8Array> = {
    nothing: bytes(),
    "too little for a length": bytes(0, 0),
    "a header that is cut off": whole.subarray(0, 10),
    "a part that is cut off": whole.subarray(0, whole.length - 1),
    "more than its parts": Buffer.concat([whole, bytes(0)]),
    "a header that is not JSON": Buffer.concat([bytes(0, 0, 0, 2), Buffer.from("{!")]),
    "a header of the wrong form": encodeFrame({ name: 1 }, []),
    "no header": Buffer.concat([bytes(0, 0, 0, 4), Buffer.from("null")]),
    "too many parts": encodeFrame(
      { name: "x" },
      Array.from({ length: 2000 }, () => bytes()),
    ),
  };
  test.each(Object.keys(broken))("is refused when it is %s", (name) => {
    expect(() => decodeFrame(schema, broken[name] as Uint8Array)).toThrowError(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
