import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { decodePage, randomInteger, seededRandom } from "@pi-controller/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { Fixture, type Peer, things, thingsOf } from "./documents.fixture.ts";
import { levelFile } from "./store/level-files.fixture.ts";
import { levelStore } from "./store/level-store.ts";

const CHILD = join(import.meta.dirname, "durability.child.ts");
const KILLS = 50;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function newDirectory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "document-"));
  cleanups.push(() => rm(parent, { recursive: true, force: true }));
  return join(parent, "document");
}

function startChild(directory: string): {
  child: ChildProcess;
  lines: AsyncIterator<string>;
  gone: Promise<void>;
} {
  const child = spawn(process.execPath, [CHILD, directory], {
    stdio: ["ignore", "pipe", "inherit"],
    // The same program fifty times: most of its time would go into compiling it.
    env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(directory), "compiled") },
  });
  const gone = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  cleanups.push(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  const input = child.stdout;
  if (input === null) throw new Error("the child has no output");
  return { child, lines: createInterface({ input })[Symbol.asyncIterator](), gone };
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const line: IteratorResult<string, unknown> = await lines.next();
  return line.done === true ? "" : line.value;
}

/** How many epochs the documents there have had. */
async function epochsOf(directory: string): Promise<unknown> {
  return (decodePage(await readFile(`${directory}-clocks`)) as { ordinal: unknown }).ordinal;
}

/** The counters of the mesh document and of the own one. */
type State = readonly (readonly { readonly id: string; readonly n: number }[])[];

describe("documents on a real disk", () => {
  test(`lose no acknowledged write in ${KILLS} kills`, { timeout: 60_000 }, async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    const random = seededRandom(seed);
    const directory = await newDirectory();
    const acknowledged = new Map<string, number>();
    for (let kill = 0; kill <= KILLS; kill++) {
      const { child, lines, gone } = startChild(directory);
      const first = await nextLine(lines);
      const state = JSON.parse(first.replace(/^state /, "")) as State;
      for (const [key, n] of acknowledged) {
        const [kind, id] = key.split(" ");
        const stored = state[Number(kind)]?.find((counter) => counter.id === id)?.n ?? 0;
        expect(stored, `${key} with SEED=${seed}`).toBeGreaterThanOrEqual(n);
      }
      // Somewhere in the middle of its writing, compactions and replacements.
      let remaining = 1 + randomInteger(random, 400);
      for (let line = await nextLine(lines); line !== ""; line = await nextLine(lines)) {
        const [kind, id, n] = line.split(" ");
        acknowledged.set(`${kind} ${id}`, Number(n));
        if (--remaining === 0) child.kill("SIGKILL");
      }
      await gone;
    }
    expect(acknowledged.size).toBe(16);
    expect(await epochsOf(directory), `with SEED=${seed}`).toBe(1);
  });

  test("see at the next start that LevelDB has lost the end of its log, and go on in a new epoch", {
    timeout: 20_000,
  }, async () => {
    const directory = await newDirectory();
    const first = startChild(directory);
    for (let line = 0; line < 200; line++) expect(await nextLine(first.lines)).not.toBe("");
    first.child.kill("SIGKILL");
    await first.gone;
    expect(await epochsOf(directory)).toBe(1);
    const log = await levelFile(directory, /\.log$/);
    await truncate(log, Math.floor((await stat(log)).size / 2));
    for (let start = 0; start < 2; start++) {
      const { child, lines, gone } = startChild(directory);
      expect(await nextLine(lines)).toContain("state");
      expect(await epochsOf(directory)).toBe(2);
      child.kill("SIGKILL");
      await gone;
    }
  });

  test("cannot be opened by two peers: the second says so, the first goes on", {
    timeout: 20_000,
  }, async () => {
    const directory = await newDirectory();
    const { lines } = startChild(directory);
    expect(await nextLine(lines)).toContain("state");
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await fixture.end(peer);
    await expect(fixture.begin(peer, {}, { store: levelStore({ directory }) })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(directory),
    });
    expect(await nextLine(lines)).toMatch(/^[01] c\d 1$/);
  });

  const canMount = process.getuid?.() === 0 && process.platform === "linux";
  test.skipIf(!canMount && process.env["CI"] !== "true")(
    "are refused by a full disk, stay readable, and go on when there is room",
    async (context) => {
      const mount = await mkdtemp(join(tmpdir(), "document-full-"));
      cleanups.push(() => rm(mount, { recursive: true, force: true }));
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], { stdio: "pipe" });
      } catch (error) {
        // In CI nothing is skipped.
        if (process.env["CI"] === "true") throw error;
        context.skip(`no tmpfs can be mounted here: ${(error as Error).message}`);
      }
      cleanups.push(async () => void execFileSync("umount", [mount]));
      const store = () => levelStore({ directory: join(mount, "document") });
      const fixture = new Fixture();
      const peer = await fixture.add("a");
      await fixture.end(peer);
      await fixture.begin(peer, {}, { store: store() });
      const put = (id: string, n: number) =>
        peer.documents.mesh.collection(things).put(id, { id, n, note: "x".repeat(20_000) });
      await put("first", 1);
      // Filled by somebody else, to the last byte.
      await fill(join(mount, "ballast"));
      const written = await fillUp(peer, put);
      const kept = thingsOf(peer);
      expect(kept).toHaveLength(1 + written);
      expect(peer.documents.status().refusal).toContain("full");
      await expect(put("first", 2)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      expect(thingsOf(peer)).toEqual(kept);
      await rm(join(mount, "ballast"));
      await put("last", 3);
      expect(peer.documents.status().refusal).toBeNull();
      const after = thingsOf(peer);
      expect(after).toHaveLength(2 + written);
      await fixture.end(peer);
      await fixture.begin(peer, {}, { store: store() });
      expect(thingsOf(peer)).toEqual(after);
      await fixture.end(peer);
    },
  );
});

async function fill(path: string): Promise<void> {
  try {
    await writeFile(path, new Uint8Array(3_000_000));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}

/** Writes until it is refused. */
async function fillUp(peer: Peer, put: (id: string, n: number) => Promise<void>): Promise<number> {
  for (let n = 0; n < 200; n++) {
    try {
      await put(`filler${n}`, n);
    } catch (error) {
      expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      return n;
    }
  }
  throw new Error(`the disk never got full: ${JSON.stringify(peer.documents.status())}`);
}
