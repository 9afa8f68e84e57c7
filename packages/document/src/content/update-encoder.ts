import * as Y from "yjs";
import type { SharedDocument } from "./shared-document.ts";

/** One record put, as JSON, or deleted when `record` is undefined. */
export interface Write {
  readonly collection: string;
  readonly id: string;
  readonly record: string | undefined;
}

interface Range {
  readonly clock: number;
  readonly length: number;
}

/**
 * The update that Yjs itself would make of these writes, without touching the document: it can be stored and
 * refused before anybody sees it. Yjs can only encode what it has applied already, and cannot take it back.
 *
 * Layout (Yjs update format 1): number of authors; for each the number of structs, author, first clock,
 * structs; then the deletions: number of authors; for each author, number of ranges, clock and length.
 *
 * @param client the author, whose state is complete in `document`
 * @param writes at most one for an id
 */
export function encodeWrites(document: SharedDocument, client: number, writes: readonly Write[]): Uint8Array {
  const firstClock = document.clockOf(client);
  const items: Y.Item[] = [];
  const deleted = new Map<number, Range[]>();
  for (const { collection, id, record } of writes) {
    const last = document.lastStruct(collection, id);
    if (last !== undefined && !last.deleted) {
      const ranges = deleted.get(last.client) ?? [];
      ranges.push({ clock: last.clock, length: 1 });
      deleted.set(last.client, ranges);
    }
    if (record !== undefined) {
      items.push(itemOf(client, firstClock + items.length, last, collection, id, record));
    }
  }
  const encoder = new Y.UpdateEncoderV1();
  encoder.writeLen(items.length > 0 ? 1 : 0);
  if (items.length > 0) {
    encoder.writeLen(items.length);
    encoder.writeClient(client);
    encoder.writeLen(firstClock);
    for (const item of items) item.write(encoder, 0);
  }
  encoder.writeLen(deleted.size);
  for (const [author, ranges] of deleted) {
    encoder.writeClient(author);
    encoder.writeLen(ranges.length);
    // Yjs looks for them in ascending order.
    for (const range of ranges.sort((a, b) => a.clock - b.clock)) {
      encoder.writeDsClock(range.clock);
      encoder.writeDsLen(range.length);
    }
  }
  return encoder.toUint8Array();
}

function itemOf(
  client: number,
  clock: number,
  last: { readonly client: number; readonly clock: number } | undefined,
  collection: string,
  id: string,
  record: string,
): Y.Item {
  const origin = last === undefined ? null : Y.createID(last.client, last.clock);
  // A name in place of the parent is what Yjs' own reader of updates puts there; the type does not say so.
  const parent = collection as unknown as Y.ID;
  return new Y.Item(
    Y.createID(client, clock),
    null,
    origin,
    null,
    null,
    parent,
    id,
    new Y.ContentAny([record]),
  );
}
