import nodeCrypto, { generateKeyPairSync, sign } from "node:crypto";
import { expect, it } from "vitest";
import { beDeterministic } from "./determinism.ts";
import { createPublicKey, verify } from "./known-signatures.ts";

it("gives the results of Node, whatever is asked and however often", () => {
  const pairs = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
  // The same bytes, divided otherwise between signature and text, are another question.
  const texts = ["", "a", "ab"].map((text) => Buffer.from(text));
  const signatures = pairs.flatMap(({ privateKey }) =>
    texts.flatMap((text) => {
      const signature = sign(null, text, privateKey);
      return [signature, signature.subarray(1), Buffer.concat([signature, text])];
    }),
  );
  const found: unknown[] = [];
  for (const _time of [1, 2]) {
    for (const { publicKey } of pairs) {
      const key = publicKey.export({ format: "der", type: "spki" });
      const parsed = createPublicKey({ key, format: "der", type: "spki" });
      for (const text of texts) {
        for (const signature of signatures) {
          const is = verify(null, text, parsed, signature);
          found.push(is);
          expect(is).toBe(nodeCrypto.verify(null, text, publicKey, signature));
        }
      }
    }
  }
  expect(new Set(found)).toEqual(new Set([true, false]));
});

it("parses what is no key anew each time, and throws as Node does", () => {
  const input = { key: Buffer.from("no key"), format: "der", type: "spki" } as const;
  const expected = thrownBy(() => nodeCrypto.createPublicKey(input));
  expect([1, 2].map(() => thrownBy(() => createPublicKey(input)))).toEqual([expected, expected]);
});

it("leaves a process as it was when a simulation is over", () => {
  const before = { ...nodeCrypto };
  const determinism = beDeterministic();
  expect(nodeCrypto.verify).not.toBe(before.verify);
  determinism.restore();
  expect({ ...nodeCrypto }).toEqual(before);
});

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}
