import { execFile } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SMALLEST_PIECE_BYTES = 4_096;

/**
 * A file system of its own, in a file: it can be full, and can stand still, without anything else on the machine
 * being touched.
 */
export class LoopDisk {
  /** Where it is mounted. */
  readonly directory: string;
  readonly #sizeBytes: number;
  #pieces = 0;

  private constructor(directory: string, sizeBytes: number) {
    this.directory = directory;
    this.#sizeBytes = sizeBytes;
  }

  /** @param parent where the file and the mount point are made, by this name */
  static async mount(parent: string, name: string, sizeMegabytes: number): Promise<LoopDisk> {
    const image = join(parent, `${name}.img`);
    const directory = join(parent, name);
    const sizeBytes = sizeMegabytes * 1024 * 1024;
    writeFileSync(image, "");
    truncateSync(image, sizeBytes);
    mkdirSync(directory);
    // No block is kept back for root: tests run as root, who could write on a full disk.
    await run("mkfs.ext4", ["-q", "-F", "-m", "0", image]);
    await run("mount", ["-o", "loop", image, directory]);
    return new LoopDisk(directory, sizeBytes);
  }

  /** Takes all the space that is left, in ever smaller pieces. */
  async fill(): Promise<void> {
    let sizeBytes = this.#sizeBytes;
    while (sizeBytes >= SMALLEST_PIECE_BYTES) {
      const piece = join(this.directory, `ballast-${this.#pieces++}`);
      try {
        await run("fallocate", ["-l", String(sizeBytes), piece]);
      } catch {
        // An attempt that failed may have taken part of the space, which the next one shall have.
        rmSync(piece, { force: true });
        sizeBytes = Math.floor(sizeBytes / 2);
      }
    }
  }

  free(): void {
    for (let piece = 0; piece < this.#pieces; piece++) {
      rmSync(join(this.directory, `ballast-${piece}`), { force: true });
    }
    this.#pieces = 0;
  }

  /** From now on whoever writes or syncs waits, as at a card that is busy with itself. */
  async stall(): Promise<void> {
    await run("fsfreeze", ["--freeze", this.directory]);
  }

  async goOn(): Promise<void> {
    await run("fsfreeze", ["--unfreeze", this.directory]);
  }

  /** Whatever state it is in. */
  async remove(): Promise<void> {
    // Fails when it does not stand still, which is well.
    await this.goOn().catch(() => {});
    await run("umount", ["--lazy", this.directory]);
  }
}
