import { decodePage, encodePage, type UnsyncedPage } from "@pi-controller/runtime";
import { ulidSchema } from "@pi-controller/schema";
import * as z from "zod";

const leaseSchema = z.object({
  /** End of the term: ms of the machine's monotonic clock. */
  endsAtMs: z.number().nonnegative(),
  /** The term as it was renewed last. */
  ttlMs: z.number().positive(),
});
const leasesSchema = z.object({
  bootId: z.string().max(64),
  /** Both clocks at the moment of writing: what one of them says, the other one is told by. */
  uptimeMs: z.number().nonnegative(),
  wallMs: z.number().nonnegative(),
  /** By the second part of the reservation's id. */
  leases: z.record(ulidSchema, leaseSchema),
});
/** When the leases of this node end, as of the moment when it was written down. */
export type Leases = z.infer<typeof leasesSchema>;

/**
 * Keeps the ends of leases over a restart of this process. It is written with every renewal, so it must cost next to
 * nothing: one write of a page or two into the page cache, never synced. A kill loses nothing; a power cut may lose or
 * tear it, which the checksum shows, and then what the document says counts.
 */
export class LeaseFile {
  readonly #page: UnsyncedPage;
  readonly #snapshot: () => Leases;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param components `snapshot` is asked at the moment of writing, so that saves that come together share one */
  constructor(components: { readonly snapshot: () => Leases; readonly page: UnsyncedPage }) {
    this.#snapshot = components.snapshot;
    this.#page = components.page;
  }

  /** @returns undefined when there is none, or none that is whole. @throws what the file system does */
  async load(): Promise<Leases | undefined> {
    return decodeLeases(await this.#page.read());
  }

  /** Resolves when what stands now is in the file. @throws what the file system does */
  save(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    // The one that runs may have asked already; the next one asks after this call.
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
    await this.#page.close();
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const run = this.#write().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #write(): Promise<void> {
    await this.#page.write(encodePage(this.#snapshot()));
  }
}

/** @returns undefined for what is torn, empty or of somebody else */
export function decodeLeases(bytes: Uint8Array): Leases | undefined {
  return leasesSchema.safeParse(decodePage(bytes)).data;
}
