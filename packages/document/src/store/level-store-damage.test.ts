import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Random, randomInteger, seededRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { levelFile } from "./level-files.fixture.ts";
import { levelStore } from "./level-store.ts";
import { contentOf } from "./store.contract.ts";
import type { LogChange } from "./store.ts";

/** Several documents over many blocks: what a bad card may do to them is found, or was the end of the history. */

const WRITES = 100;
const MAIN_LOG = "mesh";
/** One after the other is written to: what each wrote last is in the midst of what all did. */
const SIDE_LOGS = ["a", "b", "c", "d", "e"] as const;
/** Of LevelDB's log; what is damaged costs the rest of its block. */
const BLOCK_BYTES = 32_768;
const SECTOR_BYTES = 512;
const LOG = /\.log$/;
const ROUNDS = 25;

type Content = Record<string, readonly string[]>;

const seed = Number(process.env["SEED"] ?? 1);
/** All that it ever held, after each write, as text. */
const history: string[] = [];
let parent: string;
/** As of a process that was killed after its last write: all is in LevelDB's log. */
let logged: string;
/** The same, opened and closed again: all is in a table. */
let tabled: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "level-damage-"));
  const directory = join(parent, "running");
  const random = seededRandom(seed);
  const store = levelStore({ directory });
  await store.open();
  let content: Content = await contentOf(store);
  history.push(textOf(content));
  for (let number = 0; number < WRITES; number++) {
    const changes = Array.from({ length: 1 + randomInteger(random, 3) }, () => randomChange(random, number));
    await store.write(changes);
    content = applied(content, changes);
    history.push(textOf(content));
  }
  logged = join(parent, "logged");
  await cp(directory, logged, { recursive: true });
  await store.close();
  tabled = join(parent, "tabled");
  await cp(logged, tabled, { recursive: true });
  expect(await outcome(tabled)).toEqual(content);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

function randomChange(random: Random, number: number): LogChange {
  const side = SIDE_LOGS[Math.floor((number * SIDE_LOGS.length) / WRITES)] as string;
  const log = random.next() < 0.8 ? side : MAIN_LOG;
  const chance = random.next();
  if (chance < 0.02) return { kind: "drop", log };
  // Some do not fit into one block.
  const length = randomInteger(random, chance > 0.98 ? 3 * BLOCK_BYTES : 3000);
  // No two entries are the same.
  const text = Array.from({ length: Math.ceil(length / 10) }, () => random.next().toString(36).slice(2, 12));
  const entry = Buffer.from(`${number} ${text.join("")}`);
  return { kind: chance < 0.06 ? "replace" : "append", log, entry };
}

function applied(content: Content, changes: readonly LogChange[]): Content {
  const next = { ...content };
  for (const change of changes) {
    const { log, kind } = change;
    const before = kind === "append" ? (next[log] ?? []) : [];
    if (kind === "drop") delete next[log];
    else next[log] = [...before, new TextDecoder().decode(change.entry)];
  }
  return next;
}

/** What the next process finds, or how it fails. */
async function outcome(directory: string): Promise<Content | string> {
  const store = levelStore({ directory });
  try {
    await store.open();
    return await contentOf(store);
  } catch (error) {
    if (error instanceof MeshError) return error.code;
    throw error;
  } finally {
    await store.close();
  }
}

/** How long the history is that is found, or how reading fails, when a file was changed. */
async function found(
  original: string,
  name: RegExp,
  change: (bytes: Buffer) => void,
): Promise<number | string> {
  const directory = await mkdtemp(join(parent, "copy-"));
  try {
    await cp(original, directory, { recursive: true });
    const path = await levelFile(directory, name);
    const bytes = await readFile(path);
    change(bytes);
    await writeFile(path, bytes);
    const content = await outcome(directory);
    // LevelDB tidies up when it opens; what it has lost must not be forgotten by that.
    expect(await outcome(directory)).toEqual(content);
    if (typeof content === "string") return content;
    const length = history.indexOf(textOf(content));
    return length < 0 ? "a mixture" : length;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function textOf(content: Content): string {
  return JSON.stringify([MAIN_LOG, ...SIDE_LOGS].map((log) => content[log] ?? []));
}

const damages = [
  {
    name: "after a bit has turned over",
    damage: (bytes: Buffer, at: number, random: Random) => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInteger(random, 8));
    },
  },
  {
    name: "after a sector was lost",
    damage: (bytes: Buffer, at: number) => {
      const start = at - (at % SECTOR_BYTES);
      bytes.subarray(start, start + SECTOR_BYTES).fill(0);
    },
  },
];

describe.each(damages)("a database of several documents $name", ({ damage }) => {
  test("in LevelDB's log is found to be damaged, or is as it was at one moment before", {
    timeout: 60_000,
  }, async () => {
    const random = seededRandom(seed);
    const { length } = await readFile(await levelFile(logged, LOG));
    const blocks = Math.ceil(length / BLOCK_BYTES);
    expect(blocks).toBeGreaterThan(5);
    const outcomes: (number | string)[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Often in the last block, after which nothing is left.
      const start = (round % 5 === 0 ? blocks - 1 : randomInteger(random, blocks)) * BLOCK_BYTES;
      const at = start + randomInteger(random, Math.min(BLOCK_BYTES, length - start));
      const result = await found(logged, LOG, (bytes) => damage(bytes, at, random));
      expect([expect.any(Number), "DATA_LOSS"], `byte ${at} with SEED=${seed}`).toContainEqual(result);
      outcomes.push(result);
    }
    expect(outcomes, `SEED=${seed}`).toContain("DATA_LOSS");
    // The end of it alone was lost.
    expect(outcomes.filter((result) => typeof result === "number" && result < WRITES).length).toBeGreaterThan(
      0,
    );
  });

  test.each([
    { place: "a table", name: /\.ldb$/ },
    { place: "the list of its files", name: /^MANIFEST-/ },
  ])("in $place is found to be damaged, or has everything", { timeout: 60_000 }, async ({ name }) => {
    const random = seededRandom(seed);
    const { length } = await readFile(await levelFile(tabled, name));
    const outcomes: (number | string)[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const at = randomInteger(random, length);
      const result = await found(tabled, name, (bytes) => damage(bytes, at, random));
      expect([WRITES, "DATA_LOSS"], `byte ${at} with SEED=${seed}`).toContain(result);
      outcomes.push(result);
    }
    expect(outcomes, `SEED=${seed}`).toContain("DATA_LOSS");
  });
});
