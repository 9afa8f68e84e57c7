import { crc32 } from "node:zlib";
import { ulidSchema } from "@pi-controller/schema";
import * as z from "zod";
import type { LeasePage } from "./lease-page.ts";

/** A page of the page cache: what is written in one call is not seen in part after a kill. */
const PAGE_BYTES = 4_096;
const HEADER = /^([0-9a-f]{8}) (\d{1,6})\n/;

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
  readonly #page: LeasePage;
  readonly #snapshot: () => Leases;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param components `snapshot` is asked at the moment of writing, so that saves that come together share one */
  constructor(components: { readonly snapshot: () => Leases; readonly page: LeasePage }) {
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
    await this.#page.write(encodeLeases(this.#snapshot()));
  }
}

/** Checksum and length, the leases as JSON, and spaces up to whole pages. */
export function encodeLeases(leases: Leases): Buffer {
  const json = Buffer.from(JSON.stringify(leases));
  const header = Buffer.from(`${checksum(json)} ${json.length}\n`);
  const used = header.length + json.length;
  const padding = Buffer.alloc(Math.ceil(used / PAGE_BYTES) * PAGE_BYTES - used, " ");
  return Buffer.concat([header, json, padding]);
}

/** @returns undefined for what is torn, empty or of somebody else */
export function decodeLeases(bytes: Uint8Array): Leases | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [header, sum, length] = HEADER.exec(text.toString("latin1", 0, 20)) ?? [];
  if (header === undefined) return undefined;
  const json = text.subarray(header.length, header.length + Number(length));
  if (json.length !== Number(length) || checksum(json) !== sum) return undefined;
  return leasesSchema.safeParse(JSON.parse(json.toString())).data;
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}
