import * as z from "zod";
import type { Author, Beginning } from "./author.ts";
import type { Local } from "./commit/batch.ts";
import { clocksIn } from "./content/inspect-update.ts";
import type { DocumentSet } from "./document-set.ts";
import { guidSchema } from "./names.ts";

const beginningSchema = z.object({ client: z.int().nonnegative(), clock: z.int().nonnegative() });
const keysSchema = z.array(z.object({ collection: z.string(), id: z.string() }));

/**
 * What a peer has written before the first exchange that could show whether its disk has lost anything. Kept in the
 * store until then: a process that starts in between would take it for what others know.
 */
export const uncheckedSchema = z.object({
  mesh: beginningSchema.optional(),
  own: beginningSchema.extend({ guid: guidSchema }).optional(),
  meshKeys: keysSchema.default([]),
  ownKeys: keysSchema.default([]),
});
export type Unchecked = z.infer<typeof uncheckedSchema>;

/** All that several entries say, the oldest first; undefined when they say nothing. */
export function joined(parts: readonly (Unchecked | undefined)[]): Unchecked | undefined {
  const said = parts.filter((part) => part !== undefined);
  if (said.length === 0) return undefined;
  return {
    mesh: said.find(({ mesh }) => mesh !== undefined)?.mesh,
    own: said.find(({ own }) => own !== undefined)?.own,
    meshKeys: said.flatMap(({ meshKeys }) => meshKeys),
    ownKeys: said.flatMap(({ ownKeys }) => ownKeys),
  };
}

/** What the author would have to write about what is about to be written; undefined when that is nothing new. */
export function newlyUnchecked(
  author: Author,
  set: DocumentSet,
  locals: readonly Local[],
): Unchecked | undefined {
  if (author.isChecked) return undefined;
  const parts = locals.map(({ replica, update, writes }): Unchecked | undefined => {
    const scope = set.scopeOf(replica);
    if (scope?.kind === "mesh") {
      const mesh = author.meshBeginning === undefined ? beginningOf(update, author.meshClient) : undefined;
      const meshKeys = author.meshWritten.lacking(writes);
      return mesh === undefined && meshKeys.length === 0 ? undefined : { mesh, meshKeys, ownKeys: [] };
    }
    const held = set.nodes.get(author.self);
    if (scope === undefined || held === undefined) return undefined;
    const begun = author.ownBeginning === undefined ? beginningOf(update, held.client) : undefined;
    const ownKeys = author.ownWritten.lacking(writes);
    if (begun === undefined && ownKeys.length === 0) return undefined;
    return { own: begun && { guid: held.guid, ...begun }, meshKeys: [], ownKeys };
  });
  return joined(parts);
}

/** Where a client went on writing with an update; undefined when that has nothing of it. */
export function beginningOf(update: Uint8Array, client: number): Beginning | undefined {
  const clocks = clocksIn(update, client);
  return clocks && { client, clock: clocks.from };
}
