import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";

/** What "not there" looks like: also a device that a kernel driver lists and then does not have. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ENODEV", "ENXIO"]);

/** Text files and folders below a root: the machine's own, or a copy of another machine's files. */
export class FileTree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Contents of a text file without the NUL characters and line ends that device trees and sysfs put
   * after them; undefined when there is none.
   *
   * @throws Error when it is there and cannot be read
   */
  async text(path: string): Promise<string | undefined> {
    return orAbsent(async () =>
      (await readFile(join(this.root, path), "utf8")).replaceAll("\0", "").trimEnd(),
    );
  }

  /** A decimal number in a file; undefined when there is no file, or no number in it. */
  async number(path: string): Promise<number | undefined> {
    const text = await this.text(path);
    return text !== undefined && /^-?\d+$/.test(text.trim()) ? Number(text) : undefined;
  }

  /** Raw contents, for the binary values of a device tree. */
  async bytes(path: string): Promise<Buffer | undefined> {
    return orAbsent(() => readFile(join(this.root, path)));
  }

  /** Names in a folder in natural order (`mmcblk2` before `mmcblk10`); none when there is no folder. */
  async list(path: string): Promise<string[]> {
    const names = await orAbsent(() => readdir(join(this.root, path)));
    return (names ?? []).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  /** Where a path leads, with links resolved, as seen from the machine's own root. */
  async resolve(path: string): Promise<string | undefined> {
    return orAbsent(async () => {
      const [root, target] = await Promise.all([realpath(this.root), realpath(join(this.root, path))]);
      return root === "/" ? target : target.slice(root.length);
    });
  }
}

async function orAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
