import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type DatabaseFile,
  describeFailure,
  describingFailures,
  inTransaction,
  isDamage,
  isFull,
  moveAside,
  openDatabase,
  openOrReplace,
  removeFiles,
  type Tables,
} from "./index.ts";

let folder: string;
let file: DatabaseFile;
const opened: DatabaseSync[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pi-controller-database-"));
  file = { path: join(folder, "notes.db"), name: "notebook", remedy: "Buy a new one" };
});

afterEach(() => {
  for (const database of opened.splice(0)) if (database.isOpen) database.close();
  rmSync(folder, { recursive: true });
});

const tables: Tables = {
  version: 2,
  sync: "commit",
  maxBytes: 2 ** 20,
  cacheBytes: 2 ** 16,
  create: (database) => database.exec("CREATE TABLE notes (text TEXT NOT NULL) STRICT"),
};

function open(changed: Partial<Tables> = {}): DatabaseSync {
  const database = openDatabase(file, { ...tables, ...changed }, (made) => made);
  opened.push(database);
  return database;
}

function write(database: DatabaseSync, ...texts: readonly string[]): void {
  const insert = database.prepare("INSERT INTO notes (text) VALUES (?)");
  for (const text of texts) insert.run(text);
}

function count(database: DatabaseSync): unknown {
  return database.prepare("SELECT COUNT(*) AS count FROM notes").get()?.["count"];
}

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error");
}

describe("a database", () => {
  it("makes its tables once, and finds what was written", () => {
    const first = open();
    write(first, "one");
    first.close();
    expect(count(open())).toBe(1);
  });

  it("lets nobody but its owner read its files, whatever they were before", () => {
    writeFileSync(file.path, "", { mode: 0o644 });
    write(open(), "one");
    const names = readdirSync(folder);
    expect(names).toContain("notes.db-wal");
    for (const name of names)
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it("is kept in memory alone when it is called so", () => {
    file = { path: ":memory:", name: "notebook" };
    write(open(), "one");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is refused to a second process, in words that say so", () => {
    write(open(), "one");
    const error = describeFailure(failure(open), file);
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.message).toContain(`The notebook ${file.path} is in use by another process`);
  });

  it("is left as it is when a newer version wrote it", () => {
    open({ version: 3 }).close();
    const before = readFileSync(file.path);
    expect(failure(open)).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `The notebook ${file.path} was written by a newer version (tables 3, this one knows 2)`,
    });
    expect(readFileSync(file.path)).toEqual(before);
  });

  it("is free again when what it is for could not be made of it", () => {
    const problem = new Error("no use");
    const use = () => {
      throw problem;
    };
    expect(failure(() => openDatabase(file, tables, use))).toBe(problem);
    expect(count(open())).toBe(0);
  });

  it("has no tables when they could not all be made", () => {
    const create = (database: DatabaseSync) => {
      tables.create(database);
      throw new Error("interrupted");
    };
    expect(() => open({ create })).toThrow("interrupted");
    expect(count(open())).toBe(0);
  });

  it("is full at its size, and says so", () => {
    const database = open({ maxBytes: 16 * 4_096 });
    const error = failure(() => write(database, "x".repeat(2 ** 18)));
    expect([isFull(error), isDamage(error)]).toEqual([true, false]);
    expect(describeFailure(error, file).code).toBe("RESOURCE_EXHAUSTED");
    write(database, "a short one");
  });

  it("overwrites what was deleted where that is asked for", () => {
    const secret = "the secret of the notebook";
    const kept = [false, true].map((overwriteDeleted) => {
      const database = open({ overwriteDeleted });
      write(database, secret);
      database.exec("DELETE FROM notes");
      database.close();
      const found = readFileSync(file.path).includes(secret);
      removeFiles(file.path);
      return found;
    });
    expect(kept).toEqual([true, false]);
  });
});

describe("a transaction", () => {
  it("is written whole or not at all", () => {
    const database = open();
    const interrupted = () =>
      inTransaction(database, () => {
        write(database, "one");
        throw new Error("interrupted");
      });
    expect(interrupted).toThrow("interrupted");
    expect(count(database)).toBe(0);
    expect(inTransaction(database, () => count(database))).toBe(0);
  });

  it("leaves room for the next one when the disk was full", () => {
    const database = open({ maxBytes: 16 * 4_096 });
    const tooMuch = () => inTransaction(database, () => write(database, "short", "x".repeat(2 ** 18)));
    expect(isFull(failure(tooMuch))).toBe(true);
    inTransaction(database, () => write(database, "short"));
    expect(count(database)).toBe(1);
  });
});

describe("a damaged database", () => {
  const damage = () => writeFileSync(file.path, "not a database ".repeat(500));

  it("is told from others, with what can be done", () => {
    damage();
    const error = failure(open);
    expect([isDamage(error), isFull(error)]).toEqual([true, false]);
    const described = describeFailure(error, file);
    expect(described.code).toBe("DATA_LOSS");
    expect(described.message).toMatch(/^The notebook .* is damaged \(.*\)\. Buy a new one$/);
    expect(described.cause).toBe(error);
  });

  it("makes way for a new one", () => {
    damage();
    const seen: unknown[] = [];
    const database = openOrReplace(open, (error) => {
      seen.push(error);
      moveAside(file.path, 0);
    });
    expect(count(database)).toBe(0);
    expect(seen.map(isDamage)).toEqual([true]);
    expect(readdirSync(folder)).toContain("notes.db.damaged-1970-01-01T00-00-00-000Z");
  });

  it("is not replaced for another failure", () => {
    open();
    const replace = () => expect.unreachable();
    expect(isDamage(failure(() => openOrReplace(open, replace)))).toBe(false);
  });

  it("is the only one that is kept, with its companions", () => {
    for (const nowMs of [0, 1_000]) {
      for (const suffix of ["", "-wal", "-journal"]) writeFileSync(file.path + suffix, "x");
      moveAside(file.path, nowMs);
    }
    const moved = "notes.db.damaged-1970-01-01T00-00-01-000Z";
    expect(readdirSync(folder).toSorted()).toEqual([moved, `${moved}-journal`, `${moved}-wal`]);
  });
});

describe("describing a failure", () => {
  it("names a file that cannot be opened at all", () => {
    file = { path: join(folder, "missing", "notes.db"), name: "notebook" };
    const error = describeFailure(failure(open), file);
    expect(error.code).toBe("UNAVAILABLE");
    expect(error.message).toContain(`The notebook ${file.path} cannot be used: ENOENT`);
  });

  it("leaves what is described already", () => {
    const error = new MeshError("NOT_FOUND", "nothing there");
    const fail = () => {
      throw error;
    };
    expect(failure(() => describingFailures(file, fail))).toBe(error);
    expect(describingFailures(file, () => 1)).toBe(1);
  });
});
