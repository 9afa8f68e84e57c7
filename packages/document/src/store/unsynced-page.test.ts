import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, type UnsyncedPage, unsyncedPageFile, VirtualClock } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedFile } from "./simulated-file.ts";

const folders: string[] = [];
function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "unsynced-page-"));
  folders.push(folder);
  return join(folder, "page");
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const textOf = async (page: UnsyncedPage) => Buffer.from(await page.read()).toString();

/** What every page does. `make` gives, one after the other, what the processes of one machine have of it. */
function describeContract(name: string, make: () => { next(): UnsyncedPage }): void {
  describe(`${name} as a UnsyncedPage`, () => {
    it("is empty when it is new", async () => {
      const page = make().next();
      expect(await textOf(page)).toBe("");
      await page.close();
    });

    it("gives back what was written last, here and to the next process", async () => {
      const machine = make();
      const page = machine.next();
      await page.write(Buffer.from("first"));
      await page.write(Buffer.from("other"));
      expect(await textOf(page)).toBe("other");
      await page.close();
      const next = machine.next();
      expect(await textOf(next)).toBe("other");
      await next.close();
    });

    it("keeps what is beyond the end of what is written over it", async () => {
      const page = make().next();
      await page.write(Buffer.from("a long text"));
      await page.write(Buffer.from("A"));
      expect(await textOf(page)).toBe("A long text");
      await page.close();
    });

    it("does not change with the bytes that were given or got", async () => {
      const page = make().next();
      const bytes = Buffer.from("text");
      await page.write(bytes);
      bytes.fill("x");
      (await page.read()).fill(0);
      expect(await textOf(page)).toBe("text");
      await page.close();
    });

    it("can be closed twice, without having been used, and used again", async () => {
      const page = make().next();
      await page.close();
      await page.write(Buffer.from("text"));
      await page.close();
      await page.close();
      expect(await textOf(page)).toBe("text");
      await page.close();
    });
  });
}

describeContract("A file", () => {
  const path = newPath();
  return { next: () => unsyncedPageFile({ path }) };
});
describeContract("A simulated file", () => {
  const disk = new SimulatedDisk({ clock: new VirtualClock(), random: seededRandom(1) });
  return { next: () => new SimulatedFile({ disk }, { name: "page" }) };
});

describe("the file of an unsynced page", () => {
  it("can be read by its owner alone", async () => {
    const path = newPath();
    const page = unsyncedPageFile({ path });
    await page.write(Buffer.from("text"));
    await page.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("says so when it cannot be opened", async () => {
    const page = unsyncedPageFile({ path: join(newPath(), "nowhere") });
    await expect(page.read()).rejects.toMatchObject({ code: "ENOENT" });
    await expect(page.write(Buffer.from("text"))).rejects.toMatchObject({ code: "ENOENT" });
    await page.close();
  });
});
