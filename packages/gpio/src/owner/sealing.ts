import { timingSafeEqual } from "node:crypto";
import type { CollectionDefinition, ReadonlyDocument } from "@pi-controller/document";
import { type EmergencyStop, parseInput, type ReservationRecord } from "@pi-controller/schema";
import * as z from "zod";
import { reservationsCollection, stopsCollection } from "../collections.ts";

/** Port: proves that this node itself wrote something. Its key never leaves the process. */
export interface Seal {
  /** A MAC of a text, the same for the same text in all lives of this node. */
  mac(text: string): string;
}

const MAX_MAC_LENGTH = 128;

/** A record as it is stored: with the MAC beside its own fields, where nobody else looks. */
const envelopeSchema = z.looseObject({ mac: z.string().max(MAX_MAC_LENGTH).optional() });
export type Envelope = z.infer<typeof envelopeSchema>;

/** A record that this node wrote. */
export interface Genuine<T> {
  readonly record: T;
  /** Stands for its content, too: two versions of a record have different ones. */
  readonly mac: string;
}

/**
 * Records that this node acts on, in its own document. That one is made of what this node wrote, but any member can
 * make a node believe that it lost some of that: so each record says by a MAC that it is this node's. The MAC is of all
 * fields as they are stored, those that this version does not know included.
 */
export class Sealed<T extends { readonly id: string }> {
  /** How it is stored and read: to be opened before anybody believes it. */
  readonly collection: CollectionDefinition<Envelope>;
  readonly #seal: Seal;
  readonly #schema: z.ZodType<T>;
  /** By what the document returns, which is the same object for as long as the record is. */
  readonly #opened = new WeakMap<Envelope, Genuine<T> | "forged">();

  constructor(components: { readonly seal: Seal }, options: { readonly of: CollectionDefinition<T> }) {
    this.#seal = components.seal;
    this.#schema = options.of.schema;
    this.collection = { name: options.of.name, schema: envelopeSchema };
  }

  /** @throws MeshError INVALID_ARGUMENT */
  close(record: T): Envelope & { readonly mac: string } {
    const content = parseInput(this.#schema, record, `${this.collection.name} record`);
    return { ...content, mac: this.#macOf(content) };
  }

  /** @returns undefined for what this node did not write under this key */
  open(id: string, envelope: Envelope): Genuine<T> | undefined {
    let opened = this.#opened.get(envelope);
    if (opened === undefined) {
      opened = this.#open(envelope) ?? "forged";
      this.#opened.set(envelope, opened);
    }
    return opened !== "forged" && opened.record.id === id ? opened : undefined;
  }

  /** All in a document that are genuine, by id. */
  in(document: ReadonlyDocument): ReadonlyMap<string, Genuine<T>> {
    const stored = document.collection(this.collection);
    const genuine = new Map<string, Genuine<T>>();
    for (const envelope of stored.all()) {
      const id = idOf(envelope);
      if (id === undefined || stored.get(id) !== envelope) continue;
      const opened = this.open(id, envelope);
      if (opened !== undefined) genuine.set(id, opened);
    }
    return genuine;
  }

  /** Keys of all in a document, but of those that are under another key than they say, which nobody looks for. */
  ids(document: ReadonlyDocument): readonly string[] {
    const stored = document.collection(this.collection);
    return stored.all().flatMap((envelope) => {
      const id = idOf(envelope);
      return id !== undefined && stored.get(id) === envelope ? [id] : [];
    });
  }

  #open(envelope: Envelope): Genuine<T> | undefined {
    const { mac, ...content } = envelope;
    if (mac === undefined) return undefined;
    const expected = Buffer.from(this.#macOf(content));
    const shown = Buffer.from(mac);
    if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return undefined;
    const record = this.#schema.safeParse(content).data;
    return record === undefined ? undefined : { record, mac };
  }

  /** The fields are in the order in which they are stored, which reading does not change: no need to sort them. */
  #macOf(content: object): string {
    return this.#seal.mac(`${this.collection.name}\n${JSON.stringify(content)}`);
  }
}

export function sealedReservations(components: { readonly seal: Seal }): Sealed<ReservationRecord> {
  return new Sealed(components, { of: reservationsCollection });
}

export function sealedStops(components: { readonly seal: Seal }): Sealed<EmergencyStop> {
  return new Sealed(components, { of: stopsCollection });
}

function idOf(envelope: Envelope): string | undefined {
  return typeof envelope["id"] === "string" ? envelope["id"] : undefined;
}
