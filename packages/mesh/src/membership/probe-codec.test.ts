import { describe, expect, it } from "vitest";
import { decodeJson, encodeJson } from "../json-payload.ts";
import { ProbeCodec } from "./probe-codec.ts";
import { about, reportOf } from "./swim.fixture.ts";

const message = (incarnation = 0) => ({
  report: reportOf("member-a", "alive", { bootEpoch: 1, incarnation }),
  updates: [],
});

describe("Probes as bytes", () => {
  it("say what was to be said, the same again and then something else", () => {
    const codec = new ProbeCodec();
    const news = {
      ...message(),
      updates: [about("member-b", "suspect", { by: "member-c", silentForMs: 5 })],
    };
    for (const sent of [message(), message(), news, message(1), message()]) {
      expect(decodeJson(codec.encode(sent))).toEqual(sent);
    }
  });

  it("are read as they are from each peer, the same again and then something else", () => {
    const codec = new ProbeCodec();
    const news = { ...message(), updates: [about("member-b", "dead")] };
    for (const sent of [message(), message(), news, message(1), message(1), message()]) {
      for (const from of ["member-a", "member-z"]) {
        expect(codec.decode(from, encodeJson(sent))).toEqual(sent);
      }
    }
  });

  it("are kept as they were, whatever becomes of the buffer that they arrived in", () => {
    const codec = new ProbeCodec();
    const arrived = encodeJson(message());
    const tampered = Buffer.from(arrived);
    codec.decode("member-a", tampered);
    tampered.write("dead!", tampered.indexOf("alive"));
    expect(() => codec.decode("member-a", tampered)).toThrow("membership message");
    expect(codec.decode("member-a", arrived)).toEqual(message());
  });

  it("are refused again when they were refused before", () => {
    const codec = new ProbeCodec();
    const garbage = encodeJson({ report: { ...message().report, bootEpoch: 2 ** 60 }, updates: [] });
    for (let count = 0; count < 2; count++) {
      expect(() => codec.decode("member-a", garbage)).toThrow("membership message");
    }
  });

  it("of any number of peers are read right", () => {
    const codec = new ProbeCodec();
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 600; number++) {
        expect(codec.decode(`member-${number}`, encodeJson(message(number)))).toEqual(message(number));
      }
    }
  });
});
