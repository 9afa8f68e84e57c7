import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTokens, parseToken, tokenOf } from "./token.ts";

const part = fc.nat({ max: 999_999_999_999_999 });

describe("fencing tokens", () => {
  it("order by boot epoch, then by sequence, as numbers and not as text", () => {
    const tokens = ["10.1", "9.99", "9.100", "10.0", "9.9"];
    expect(tokens.sort(compareTokens)).toEqual(["9.9", "9.99", "9.100", "10.0", "10.1"]);
  });

  it("keep their parts and their order, however large they are", () => {
    fc.assert(
      fc.property(part, part, part, part, (epoch, seq, otherEpoch, otherSeq) => {
        const [one, other] = [tokenOf(epoch, seq), tokenOf(otherEpoch, otherSeq)];
        expect(parseToken(one)).toEqual({ bootEpoch: epoch, seq });
        const expected = epoch === otherEpoch ? seq - otherSeq : epoch - otherEpoch;
        expect(Math.sign(compareTokens(one, other))).toBe(Math.sign(expected));
      }),
    );
  });

  it.each(["", "1", "1.", ".1", "1.2.3", "01.2", "-1.2", "1.2 ", "1e3.4", "1.1234567890123456"])(
    "are not read from %j",
    (text) => {
      expect(() => parseToken(text)).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          details: { fields: [expect.objectContaining({ field: "token" })] },
        }),
      );
    },
  );

  it.each([
    [-1, 1],
    [1, 1.5],
    [1, Number.NaN],
    [1e15, 1],
  ])("are not made of %d and %d", (epoch, seq) => {
    expect(() => tokenOf(epoch, seq)).toThrow(RangeError);
  });
});
