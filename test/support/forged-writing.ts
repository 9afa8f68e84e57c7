// What a member that runs other software can make of another node's own document: more of it, in that node's name.
import { join } from "node:path";
import { levelStore, type StoredLog } from "@pi-controller/document";
import type { NodeId } from "@pi-controller/schema";
import { SharedDocument } from "../../packages/document/src/content/shared-document.ts";
import { encodeWrites, type Write } from "../../packages/document/src/content/update-encoder.ts";
import { nodeClient, parseNodeLog } from "../../packages/document/src/names.ts";

/** A record that the node never wrote. */
export interface ForgedRecord {
  readonly collection: string;
  readonly id: string;
  readonly value: object;
}

/**
 * Goes on with the document of another node as a card has it, as if that node had written it. Whoever hears of it has
 * no way to tell, and the node itself believes that it has lost it.
 *
 * @param directory of a peer that does not run
 */
export async function forgeWriting(
  directory: string,
  victim: NodeId,
  forged: readonly ForgedRecord[],
): Promise<void> {
  const store = levelStore({ directory: join(directory, "documents") });
  await store.open();
  try {
    const stored: StoredLog[] = [];
    // All of it: what is written carries a digest of all that was read.
    for await (const log of store.read()) stored.push(log);
    const found = stored.find(({ log }) => parseNodeLog(log)?.id === victim);
    const guid = parseNodeLog(found?.log ?? "")?.guid;
    if (found === undefined || guid === undefined) {
      throw new Error(`There is no document of ${victim} in ${directory}`);
    }
    const document = new SharedDocument();
    document.apply(...found.entries);
    const writes = forged.map(
      ({ collection, id, value }): Write => ({ collection, id, record: JSON.stringify(value) }),
    );
    const entry = encodeWrites(document, nodeClient(victim, guid), writes);
    await store.write([{ kind: "append", log: found.log, entry }]);
  } finally {
    await store.close();
  }
}
