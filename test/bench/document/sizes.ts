import { levelStore } from "@pi-controller/document";
import * as Y from "yjs";

export interface Sizes {
  /** All documents as they are, encoded. */
  readonly encodedBytes: number;
  /** Fresh ones with the same content, made and encoded by plain Yjs. */
  readonly freshBytes: number;
  readonly meshBytes: number;
  readonly meshFreshBytes: number;
}

/** Measures what a store holds with Yjs alone. */
export async function sizesIn(directory: string): Promise<Sizes> {
  const store = levelStore({ directory });
  await store.open();
  let encodedBytes = 0;
  let freshBytes = 0;
  let [meshBytes, meshFreshBytes] = [0, 0];
  for await (const { log, entries } of store.read()) {
    if (log === "storage") continue;
    const doc = new Y.Doc();
    doc.transact(() => entries.forEach((entry) => Y.applyUpdate(doc, entry)));
    const encoded = Y.encodeStateAsUpdate(doc).length;
    const fresh = Y.encodeStateAsUpdate(freshCopy(doc)).length;
    encodedBytes += encoded;
    freshBytes += fresh;
    if (log === "mesh") [meshBytes, meshFreshBytes] = [encoded, fresh];
  }
  await store.close();
  return { encodedBytes, freshBytes, meshBytes, meshFreshBytes };
}

function freshCopy(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  copy.transact(() => {
    for (const name of doc.share.keys()) {
      const target = copy.getMap(name);
      doc.getMap(name).forEach((value, id) => target.set(id, value));
    }
  });
  return copy;
}
