import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";

/** Since 2 there is a digest of everything. */
export const FORMAT = 2;
const MARKER = "format.json";
const markerSchema = z.object({ format: z.int().positive() });

/** Beside the database: says that there was one, so that an emptied one is not taken for a new one. */
export class LevelMarker {
  readonly #directory: string;
  #format = 0;

  /** @param directory the one that holds the database's own */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** In which format the database is; 0 before the first write. */
  get format(): number {
    return this.#format;
  }

  /** @throws MeshError DATA_LOSS when it is damaged, FAILED_PRECONDITION when a newer program wrote it */
  async read(): Promise<void> {
    this.#format = 0;
    if (!existsSync(this.#path)) return;
    const { format } = await this.#parse();
    if (format > FORMAT) {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `The data in ${this.#directory} was written by a newer version of this program: update this one`,
      );
    }
    this.#format = format;
  }

  /** Says that there is a database in today's format; does nothing when that was said. */
  async write(): Promise<void> {
    if (this.#format === FORMAT) return;
    await writeFile(`${this.#path}.new`, JSON.stringify({ format: FORMAT }), { flush: true });
    await rename(`${this.#path}.new`, this.#path);
    this.#format = FORMAT;
  }

  get #path(): string {
    return join(this.#directory, MARKER);
  }

  async #parse(): Promise<z.infer<typeof markerSchema>> {
    const text = await readFile(this.#path, "utf8");
    try {
      return markerSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new MeshError("DATA_LOSS", `${this.#path} is damaged`, {}, { cause: error });
    }
  }
}
