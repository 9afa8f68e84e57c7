import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadOrCreateIdentity } from "./identity.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "identity-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe("loadOrCreateIdentity", () => {
  it("makes a key at the first start and finds it at the next", async () => {
    const data = join(directory, "new", "data");
    const first = await loadOrCreateIdentity(data);
    const second = await loadOrCreateIdentity(data);
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.peer).toBe(first.peer);
    expect(first.peer).toMatch(/^12D3KooW/);
  });

  it("keeps the key from other users and leaves nothing else behind", async () => {
    await loadOrCreateIdentity(directory);
    expect(await readdir(directory)).toEqual(["identity.key"]);
    expect((await stat(join(directory, "identity.key"))).mode & 0o777).toBe(0o600);
  });

  it("refuses a key that others can read, and says what to do", async () => {
    await loadOrCreateIdentity(directory);
    await chmod(join(directory, "identity.key"), 0o644);
    await expect(loadOrCreateIdentity(directory)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("chmod 600"),
    });
  });

  it.each([
    ["empty", ""],
    ["no key", "hello"],
    ["much too long", "A".repeat(5_000)],
    ["a key cut short", "CAESQLxK"],
  ])("refuses a file that is %s, and does not replace it", async (_what, content) => {
    const path = join(directory, "identity.key");
    await writeFile(path, content, { mode: 0o600 });
    await expect(loadOrCreateIdentity(directory)).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("refuses what is not a file", async () => {
    await mkdir(join(directory, "identity.key"));
    await expect(loadOrCreateIdentity(directory)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("says so when the directory cannot be made", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(loadOrCreateIdentity(join(file, "data"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(join(file, "data")),
    });
  });
});
