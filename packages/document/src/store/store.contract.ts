import { describe, expect, test } from "vitest";
import type { LogChange, Store } from "./store.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const append = (log: string, text: string): LogChange => ({ kind: "append", log, entry: bytes(text) });
const replace = (log: string, text: string): LogChange => ({ kind: "replace", log, entry: bytes(text) });
const drop = (log: string): LogChange => ({ kind: "drop", log });

/** Everything that a store holds, as text. */
export async function contentOf(store: Store): Promise<Record<string, readonly string[]>> {
  const logs: Record<string, readonly string[]> = {};
  for await (const { log, entries } of store.read()) {
    logs[log] = entries.map((entry) => new TextDecoder().decode(entry));
  }
  return logs;
}

/** What every adapter of the `Store` port does. `make` gives stores of one new disk, one after the other. */
export function describeStoreContract(name: string, make: () => Promise<{ next(): Store }>): void {
  describe(`${name} as a Store`, () => {
    test("is empty when it is new", async () => {
      const store = (await make()).next();
      await store.open();
      expect(await contentOf(store)).toEqual({});
      await store.close();
    });

    test("keeps the entries of each log in order, through a reopening", async () => {
      const disk = await make();
      const store = disk.next();
      await store.open();
      await contentOf(store);
      await store.write([append("a", "1"), append("b/x-1_2.3", "1"), append("a", "2")]);
      await store.write([append("a", "3")]);
      expect(await contentOf(store)).toEqual({ a: ["1", "2", "3"], "b/x-1_2.3": ["1"] });
      await store.close();
      const reopened = disk.next();
      await reopened.open();
      expect(await contentOf(reopened)).toEqual({ a: ["1", "2", "3"], "b/x-1_2.3": ["1"] });
      await reopened.write([append("a", "4")]);
      expect(await contentOf(reopened)).toEqual({ a: ["1", "2", "3", "4"], "b/x-1_2.3": ["1"] });
      await reopened.close();
    });

    test("replaces and drops logs, through reopenings", async () => {
      const disk = await make();
      let store = disk.next();
      await store.open();
      await contentOf(store);
      await store.write([append("a", "1"), append("b", "1"), append("c", "1")]);
      await store.write([replace("a", "snapshot"), append("a", "2"), drop("b")]);
      const expected = { a: ["snapshot", "2"], c: ["1"] };
      for (let round = 0; round < 3; round++) {
        expect(await contentOf(store)).toEqual(expected);
        await store.close();
        store = disk.next();
        await store.open();
      }
      expect(await contentOf(store)).toEqual(expected);
      await store.write([append("b", "new"), replace("c", "only")]);
      expect(await contentOf(store)).toEqual({ a: ["snapshot", "2"], b: ["new"], c: ["only"] });
      await store.close();
    });

    test("refuses a second one on the same disk, and takes it when the first has closed", async () => {
      const disk = await make();
      const first = disk.next();
      const second = disk.next();
      await first.open();
      await contentOf(first);
      await first.write([append("a", "1")]);
      await expect(second.open()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await second.close();
      expect(await contentOf(first)).toEqual({ a: ["1"] });
      await first.close();
      await second.open();
      expect(await contentOf(second)).toEqual({ a: ["1"] });
      await second.close();
    });

    test("is open and empty after its data was set aside", async () => {
      const disk = await make();
      const store = disk.next();
      await store.open();
      await contentOf(store);
      await store.write([append("a", "1")]);
      expect(await store.setAside("corrupt-1")).toContain("corrupt-1");
      expect(await contentOf(store)).toEqual({});
      await store.write([append("a", "2")]);
      expect(await contentOf(store)).toEqual({ a: ["2"] });
      await store.close();
    });

    test("can be closed twice, and without having been opened", async () => {
      const store = (await make()).next();
      await store.close();
      await store.open();
      await store.close();
      await store.close();
    });
  });
}
