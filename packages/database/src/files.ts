import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

const OWNER_ONLY = 0o600;
/** Of the files that SQLite keeps beside a database (sqlite.org/tempfiles.html). */
const COMPANIONS = ["-wal", "-shm", "-journal"];

/** Makes the file where there is none, so that its owner alone can read it; SQLite gives its companions its mode. */
export function makePrivate(path: string): void {
  closeSync(openSync(path, "a", OWNER_ONLY));
  chmodSync(path, OWNER_ONLY);
}

/** Removes a database that is not open, with its companions. */
export function removeFiles(path: string): void {
  for (const suffix of ["", ...COMPANIONS]) rmSync(path + suffix, { force: true });
}

/**
 * Moves a database that is not open out of the way, with its companions. Only the last one that was moved is kept,
 * so that a failing SD card is not filled with them.
 *
 * @returns where it is now
 */
export function moveAside(path: string, nowMs: number): string {
  const marked = `${path}.damaged-`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(basename(marked))) rmSync(join(dirname(path), name));
  }
  const target = marked + new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-");
  renameSync(path, target);
  for (const suffix of COMPANIONS) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  return target;
}

/** What was made or renamed in the directory of `path` is there after a power cut. */
export function syncDirectory(path: string): void {
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
