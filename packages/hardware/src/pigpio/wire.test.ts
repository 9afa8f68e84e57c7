import { describe, expect, it } from "vitest";
import { command, commandError, decodeReport, decodeResponse, encodeCommand, Pieces } from "./wire.ts";

// Bytes as in pigpio's description of its socket interface: numbers of 32 bits, low byte first.
describe("pigpiod's protocol", () => {
  it("has commands of four numbers", () => {
    expect(encodeCommand(command.WRITE, 18, 1).toString("hex")).toBe("04000000120000000100000000000000");
  });

  it("has an extension after the command, with its length as the last number", () => {
    const bytes = encodeCommand(command.HP, 18, 1_000, 500_000);
    expect(bytes.toString("hex")).toBe("5600000012000000e80300000400000020a10700");
  });

  it("sends masks with the highest bit as they are", () => {
    expect(encodeCommand(command.BS1, 1 << 31, 0).readUInt32LE(4)).toBe(0x8000_0000);
  });

  it("answers with a result that may be negative, except where it cannot fail", () => {
    const answer = (hex: string) => decodeResponse(Buffer.from(hex, "hex"));
    expect(answer("04000000120000000100000000000000")).toEqual({ command: command.WRITE, result: 0 });
    expect(answer("040000006300000001000000fdffffff")).toEqual({
      command: command.WRITE,
      result: -3,
    });
    expect(answer("100000000000000000000000ffffffff")).toEqual({
      command: command.TICK,
      result: 0xffff_ffff,
    });
  });

  it("reports in twelve bytes", () => {
    expect(decodeReport(Buffer.from("0200 0000 40420f00 00000480".replaceAll(" ", ""), "hex"))).toEqual({
      sequence: 2,
      flags: 0,
      tick: 1_000_000,
      levels: 0x8004_0000,
    });
  });

  it("names the pin in an error, and says what to do where something can be done", () => {
    expect(commandError(command.WRITE, 40, -3)).toMatchObject({ code: "OUT_OF_RANGE" });
    expect(commandError(command.WRITE, 4, -41)).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/GPIO4 .*option -x/),
    });
    expect(commandError(command.PFS, 4, -777).message).toBe("pigpiod failed at PFS for GPIO4: -777");
  });
});

describe("pieces of a stream", () => {
  it("are the same however the stream is cut", () => {
    const stream = Buffer.from(Array.from({ length: 48 }, (_, index) => index));
    for (let chunk = 1; chunk <= stream.length; chunk++) {
      const taken: string[] = [];
      const pieces = new Pieces(
        () => (taken.length === 0 ? 16 : 12),
        (piece) => taken.push(piece.toString("hex")),
      );
      for (let from = 0; from < stream.length; from += chunk)
        pieces.push(stream.subarray(from, from + chunk));
      expect(taken).toEqual([
        stream.toString("hex", 0, 16),
        stream.toString("hex", 16, 28),
        stream.toString("hex", 28, 40),
      ]);
    }
  });
});
