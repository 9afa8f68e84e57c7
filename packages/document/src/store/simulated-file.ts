import type { UnsyncedPage } from "@pi-controller/runtime";
import { never, type SimulatedDisk } from "./simulated-disk.ts";

/** One process's use of a small file on a simulated disk that is never synced. Made anew with each process. */
export class SimulatedFile implements UnsyncedPage {
  readonly #disk: SimulatedDisk;
  readonly #life: object;
  readonly #name: string;

  constructor(components: { readonly disk: SimulatedDisk }, options: { readonly name: string }) {
    this.#disk = components.disk;
    this.#life = components.disk.life;
    this.#name = options.name;
  }

  /** All of it; empty when there is none. */
  async read(): Promise<Uint8Array> {
    if (this.#isDead) return never();
    return this.#disk.files.read(this.#name);
  }

  /**
   * Writes over its beginning.
   *
   * @throws MeshError RESOURCE_EXHAUSTED when it would grow on a full disk, UNAVAILABLE on a broken one
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isDead) return never();
    this.#disk.writeFile(this.#name, bytes);
  }

  async close(): Promise<void> {}

  get #isDead(): boolean {
    return this.#disk.life !== this.#life;
  }
}
