import { expect, test } from "vitest";
import { clientIdOf } from "./client-id.ts";

test("a client id is the same for the same author, another one for another, and fits into 53 bits", () => {
  expect(clientIdOf("mesh", "node-a", "1")).toBe(clientIdOf("mesh", "node-a", "1"));
  const ids = new Set<number>();
  for (let epoch = 0; epoch < 10_000; epoch++) {
    const id = clientIdOf("mesh", "node-a", String(epoch));
    expect(Number.isSafeInteger(id) && id > 0).toBe(true);
    ids.add(id);
  }
  expect(ids.size).toBe(10_000);
  expect(Math.max(...ids)).toBeGreaterThan(2 ** 52);
  expect(clientIdOf("ab", "c")).not.toBe(clientIdOf("a", "bc"));
});
