import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { levelFile } from "./level-files.fixture.ts";
import { levelStore } from "./level-store.ts";
import { contentOf } from "./store.contract.ts";

/** What a power cut or a bad card can leave of LevelDB's own log, on which the rules of `SimulatedDisk` stand. */

/** All of them within one block of 32 kB of LevelDB's log. */
const WRITES = 40;
const ROUNDS = 15;

let parent: string;
/** As of a process that was killed after `WRITES` writes: nothing was closed. */
let killed: string;
/** How long LevelDB's log was after each write. */
const ends: number[] = [];
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "level-crash-"));
  const directory = join(parent, "running");
  const store = levelStore({ directory });
  await store.open();
  await contentOf(store);
  for (let number = 0; number < WRITES; number++) {
    // Two logs in each write: one without the other would be half a write.
    const entry = Buffer.from(`${number} ${"x".repeat((number * 37) % 300)}`);
    await store.write([
      { kind: "append", log: "a", entry },
      { kind: "append", log: "b", entry },
    ]);
    ends.push((await stat(await levelFile(directory, /\.log$/))).size);
  }
  killed = join(parent, "killed");
  await cp(directory, killed, { recursive: true });
  await store.close();
});
afterAll(() => rm(parent, { recursive: true, force: true }));

/** How many writes the next process finds, or how it fails, when the log was changed. */
async function found(change: (log: Buffer) => Buffer): Promise<number | string> {
  const directory = await mkdtemp(join(parent, "copy-"));
  await cp(killed, directory, { recursive: true });
  const path = await levelFile(directory, /\.log$/);
  await writeFile(path, change(await readFile(path)));
  const store = levelStore({ directory });
  try {
    await store.open();
    const { a = [], b = [] } = await contentOf(store);
    expect(b).toEqual(a);
    const numbers = a.map((text) => Number(text.split(" ")[0]));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    return numbers.length;
  } catch (error) {
    if (error instanceof MeshError) return error.code;
    throw error;
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What is found when everything up to a byte is as it was: where nothing is left, that there was something. */
function wholeBefore(at: number): number | string {
  const count = ends.filter((end) => end <= at).length;
  return count === 0 ? "DATA_LOSS" : count;
}

describe("a database whose log ends in the middle of a write", () => {
  test("has all writes of a process that was killed", async () => {
    expect(await found((log) => log)).toBe(WRITES);
  });

  test.each(["nothing", "zeros", "garbage"])(
    "has the writes before that, each of them whole, when %s follows",
    { timeout: 60_000 },
    async (tail) => {
      const seed = Number(process.env["SEED"] ?? 1);
      const random = seededRandom(seed);
      for (let round = 0; round < ROUNDS; round++) {
        const at = randomInteger(random, ends.at(-1) as number);
        const count = await found((log) => {
          if (tail === "nothing") return log.subarray(0, at);
          return log.map((byte, index) => {
            if (index < at) return byte;
            return tail === "zeros" ? 0 : randomInteger(random, 256);
          }) as Buffer;
        });
        expect(count, `cut at ${at} with SEED=${seed}`).toBe(wholeBefore(at));
      }
    },
  );
});

describe("a database in whose log a bit has turned over", () => {
  // No DATA_LOSS: nothing is left after it in this block, the last. For the document it is a disk that was set back.
  test("has the writes before that one, and says nothing of those that are lost", {
    timeout: 60_000,
  }, async () => {
    const seed = Number(process.env["SEED"] ?? 1);
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const at = randomInteger(random, ends.at(-1) as number);
      const count = await found((log) => {
        log[at] = (log[at] ?? 0) ^ (1 << randomInteger(random, 8));
        return log;
      });
      expect(count, `bit of byte ${at} with SEED=${seed}`).toBe(wholeBefore(at));
    }
  });
});
