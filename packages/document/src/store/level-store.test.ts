import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, describe, expect, test } from "vitest";
import { levelStore } from "./level-store.ts";
import { contentOf, describeStoreContract } from "./store.contract.ts";

const directories: string[] = [];
async function newDirectory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "store-"));
  directories.push(parent);
  return join(parent, "document");
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** A closed database with three entries of log `a` and one of `b`. */
async function filledDirectory(): Promise<string> {
  const directory = await newDirectory();
  const store = levelStore({ directory });
  await store.open();
  await contentOf(store);
  for (const log of ["a", "a", "a", "b"]) {
    await store.write([{ kind: "append", log, entry: new Uint8Array(20) }]);
  }
  await store.close();
  return directory;
}

async function withDatabase(
  directory: string,
  change: (database: ClassicLevel<string, Buffer>) => Promise<void>,
): Promise<void> {
  const database = new ClassicLevel<string, Buffer>(join(directory, "level"), { valueEncoding: "buffer" });
  await database.open();
  await change(database);
  await database.close();
}

async function openAndRead(directory: string): Promise<unknown> {
  const store = levelStore({ directory });
  try {
    await store.open();
    return await contentOf(store);
  } finally {
    await store.close();
  }
}

describeStoreContract("LevelStore", async () => {
  const directory = await newDirectory();
  return { next: () => levelStore({ directory }) };
});

describe("LevelStore", () => {
  test("makes a directory that its owner alone can read", async () => {
    const directory = join(await newDirectory(), "documents");
    const store = levelStore({ directory });
    await store.open();
    await store.close();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test("finds an entry whose bytes have changed", async () => {
    const directory = await filledDirectory();
    await withDatabase(directory, async (database) => {
      const value = (await database.get("a!000000001")) as Buffer;
      value[9] = 255;
      await database.put("a!000000001", value);
    });
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  test("finds an entry that is missing between others", async () => {
    const directory = await filledDirectory();
    await withDatabase(directory, (database) => database.del("a!000000001"));
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  test.each(["a!000000002", "b!000000000"])(
    "finds that the last entry of a log, %s, is missing",
    async (key) => {
      const directory = await filledDirectory();
      await withDatabase(directory, (database) => database.del(key));
      await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
    },
  );

  test("finds a whole log in an earlier state", async () => {
    const directory = await filledDirectory();
    const earlier = new Map<string, Buffer>();
    await withDatabase(directory, async (database) => {
      for await (const [key, value] of database.iterator()) if (key.startsWith("a!")) earlier.set(key, value);
    });
    const store = levelStore({ directory });
    await store.open();
    await contentOf(store);
    await store.write([{ kind: "replace", log: "a", entry: new Uint8Array(20) }]);
    await store.write([{ kind: "append", log: "b", entry: new Uint8Array(20) }]);
    await store.close();
    await withDatabase(directory, async (database) => {
      await database.del("a!000000003");
      for (const [key, value] of earlier) await database.put(key, value);
    });
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  test("reads what format 1 left, which had no digest, and looks for one from the next write on", async () => {
    const directory = await filledDirectory();
    const marker = join(directory, "format.json");
    await withDatabase(directory, (database) => database.del("!"));
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
    await writeFile(marker, JSON.stringify({ format: 1 }));
    const store = levelStore({ directory });
    await store.open();
    expect(Object.keys(await contentOf(store))).toEqual(["a", "b"]);
    await store.write([{ kind: "append", log: "a", entry: new Uint8Array(20) }]);
    await store.close();
    expect(JSON.parse(await readFile(marker, "utf8"))).toEqual({ format: 2 });
    expect(await openAndRead(directory)).toMatchObject({ a: { length: 4 }, b: { length: 1 } });
    await withDatabase(directory, (database) => database.del("b!000000000"));
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  test("does not take a database that has lost everything for a new one", async () => {
    const directory = await filledDirectory();
    await withDatabase(directory, (database) => database.clear());
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  test("does not take a database without its file CURRENT for a new one", async () => {
    const directory = await filledDirectory();
    await rm(join(directory, "level", "CURRENT"));
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect((await readdir(join(directory, "level"))).some((file) => /\.(log|ldb)$/.test(file))).toBe(true);
  });

  test.each(["CURRENT", "MANIFEST"])(
    "finds a damaged %s, and goes on after setting it aside",
    async (name) => {
      const directory = await filledDirectory();
      const files = await readdir(join(directory, "level"));
      const file = files.find((file) => file.startsWith(name)) as string;
      const path = join(directory, "level", file);
      await writeFile(path, Buffer.alloc((await readFile(path)).length, 7));
      const store = levelStore({ directory });
      await expect(store.open()).rejects.toMatchObject({ code: "DATA_LOSS" });
      const aside = await store.setAside("corrupt-1");
      expect(existsSync(aside)).toBe(true);
      expect(await contentOf(store)).toEqual({});
      await store.close();
    },
  );

  test.each([
    { fate: "found by the next process", goesOn: false, content: { a: { length: 2 }, b: { length: 1 } } },
    { fate: "undone by the next write", goesOn: true, content: { a: { length: 1 }, c: { length: 1 } } },
  ])("has a refused write that LevelDB took $fate", async ({ goesOn, content }) => {
    const directory = await newDirectory();
    const entry = new Uint8Array(20);
    const store = levelStore({ directory });
    await store.open();
    await contentOf(store);
    await store.write([{ kind: "append", log: "a", entry }]);
    await store.close();
    // Of an earlier format: it is noted anew after what is written next, and cannot be.
    await writeFile(join(directory, "format.json"), JSON.stringify({ format: 1 }));
    await mkdir(join(directory, "format.json.new"));
    await store.open();
    await contentOf(store);
    const changes = ["a", "b"].map((log) => ({ kind: "append", log, entry }) as const);
    await expect(store.write(changes)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await rmdir(join(directory, "format.json.new"));
    if (goesOn) await store.write([{ kind: "append", log: "c", entry }]);
    await store.close();
    const found = await openAndRead(directory);
    expect(found).toMatchObject(content);
    expect(Object.keys(found as object)).toEqual(Object.keys(content));
  });

  test("says so when a newer program wrote the data", async () => {
    const directory = await filledDirectory();
    await writeFile(join(directory, "format.json"), JSON.stringify({ format: 3 }));
    await expect(openAndRead(directory)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("newer version"),
    });
  });

  test("says so when the directory cannot be used", async () => {
    const directory = await newDirectory();
    await writeFile(directory, "a file");
    await expect(openAndRead(directory)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
