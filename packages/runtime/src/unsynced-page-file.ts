import { type FileHandle, open } from "node:fs/promises";
import type { UnsyncedPage } from "./unsynced-page.ts";

/** Far more than anybody keeps in one; what is longer is none of ours. */
const MAX_BYTES = 64 * 1024;

/** A page in a file of its own. @param options `path` of the file, which is made when it is not there */
export function unsyncedPageFile(options: { readonly path: string }): UnsyncedPage {
  return new UnsyncedPageFile(options);
}

class UnsyncedPageFile implements UnsyncedPage {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(options: { readonly path: string }) {
    this.#path = options.path;
  }

  async read(): Promise<Uint8Array> {
    this.#file ??= await openOrCreate(this.#path);
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#file ??= await openOrCreate(this.#path);
    await this.#file.write(bytes, 0, bytes.length, 0);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return open(path, "w+", 0o600);
  }
}
