import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, it } from "vitest";
import { rememberedCrypto } from "./remembered-crypto.ts";

it("gives the results of Node, whatever is asked and however often", () => {
  const remembered = rememberedCrypto();
  const pairs = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
  // The same bytes, divided otherwise between signature and text, are another question.
  const texts = ["", "a", "ab"].map((text) => Buffer.from(text));
  const signatures = pairs.flatMap(({ privateKey }) =>
    texts.flatMap((text) => {
      const signature = sign(null, text, privateKey);
      return [signature, signature.subarray(1), Buffer.concat([signature, text])];
    }),
  );
  const found: boolean[] = [];
  for (const _time of [1, 2]) {
    for (const { publicKey } of pairs) {
      const key = publicKey.export({ format: "der", type: "spki" });
      const parsed = remembered.createPublicKey({ key, format: "der", type: "spki" });
      for (const text of texts) {
        for (const signature of signatures) {
          const is = remembered.verify(null, text, parsed, signature);
          found.push(is);
          expect(is).toBe(verify(null, text, publicKey, signature));
        }
      }
    }
  }
  expect(new Set(found)).toEqual(new Set([true, false]));
});

it("parses what is no key anew each time, and throws as Node does", () => {
  const remembered = rememberedCrypto();
  const input = { key: Buffer.from("no key"), format: "der", type: "spki" } as const;
  const expected = thrownBy(() => createPublicKey(input));
  expect([1, 2].map(() => thrownBy(() => remembered.createPublicKey(input)))).toEqual([expected, expected]);
});

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}
