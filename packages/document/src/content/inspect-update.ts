import * as Y from "yjs";
import type { SharedDocument } from "./shared-document.ts";

/** Longest name of a collection and longest id of a record, in UTF-16 units. */
export const MAX_KEY_LENGTH = 256;

/** Largest record, as JSON in UTF-16 units. What is larger does not belong into a document. */
export const MAX_RECORD_LENGTH = 64 * 1024;

/** No honest author gets there; it keeps sums of clocks and lengths exact. */
const MAX_CLOCK = 2 ** 48;

export type Inspection =
  /** Can be applied and brings something. */
  | { readonly verdict: "fit"; readonly update: Uint8Array; readonly clocks: ReadonlyMap<number, number> }
  /** Nothing in it is new. */
  | { readonly verdict: "known" }
  /** It builds on something that is not here yet: fetch, rather than let Yjs hoard it. */
  | { readonly verdict: "gap" }
  /** Not an update of ours; `reason` says why. */
  | { readonly verdict: "malformed"; readonly reason: string };

export interface InspectionContext {
  readonly document: SharedDocument;
  /** Structs that will be there by the time this update is applied, beyond those of the document. */
  readonly staged: ReadonlyMap<number, number>;
  /** Whether this author may write here. */
  isAuthor(client: number): boolean;
}

/**
 * Decides what to do with bytes from another peer before Yjs sees them: on garbage Yjs throws half way, keeps
 * structs for ever that wait for something which never comes, or builds types that this project never uses.
 * Accepted is only what `encodeWrites` makes and what Yjs makes of that when it collects garbage.
 */
export function inspectUpdate(bytes: Uint8Array, context: InspectionContext): Inspection {
  const decoded = decode(bytes);
  if (typeof decoded === "string") return { verdict: "malformed", reason: decoded };
  const known = (client: number) => context.staged.get(client) ?? context.document.clockOf(client);
  const clocks = new Map<number, number>();
  let hasNews = false;
  let overlaps = false;
  let previous: number | undefined;
  for (const struct of decoded.structs) {
    const { client, clock } = struct.id;
    if (client !== previous && clocks.has(client)) return malformed("an author comes twice");
    previous = client;
    const reason = structProblem(struct, context);
    if (reason !== undefined) return malformed(reason);
    clocks.set(client, clock + struct.length);
  }
  const reached = (client: number) => Math.max(known(client), clocks.get(client) ?? 0);
  const seen = new Set<number>();
  for (const struct of decoded.structs) {
    const { client, clock } = struct.id;
    if (!seen.has(client) && clock > known(client)) return { verdict: "gap" };
    seen.add(client);
    if (clock < known(client)) overlaps = true;
    if (clock + struct.length > known(client)) hasNews = true;
    if (struct instanceof Y.Item && struct.origin !== null) {
      if (struct.origin.clock >= reached(struct.origin.client)) return { verdict: "gap" };
    }
  }
  for (const [client, ranges] of decoded.ds.clients) {
    for (const { clock, len } of ranges) {
      if (!(len >= 1) || clock + len > MAX_CLOCK) return malformed("a deletion has no sensible length");
      if (clock + len > reached(client)) return { verdict: "gap" };
      if (!context.document.isDeleted(client, clock, len)) hasNews = true;
    }
  }
  if (!hasNews) return { verdict: "known" };
  if (!canIntegrate(decoded.structs, known)) return malformed("its structs wait for each other");
  // Structs that are here already are cut off: Yjs splits half-known ones, with less care than we need.
  const update = overlaps ? Y.diffUpdate(bytes, encodeClocks(clocks.keys(), known)) : bytes;
  return { verdict: "fit", update, clocks };
}

/** From where to where an update has what a client wrote; undefined when it has nothing of that. */
export function clocksIn(update: Uint8Array, client: number): { from: number; to: number } | undefined {
  const decoded = decode(update);
  if (typeof decoded === "string") return undefined;
  const structs = decoded.structs.filter(({ id }) => id.client === client);
  const [first, last] = [structs[0], structs.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { from: first.id.clock, to: last.id.clock + last.length };
}

type Decoded = ReturnType<typeof Y.decodeUpdate>;

function decode(bytes: Uint8Array): Decoded | string {
  try {
    return Y.decodeUpdate(bytes);
  } catch (error) {
    return `it cannot be decoded: ${(error as Error).message}`;
  }
}

/** Whether there is an order in which each struct comes after what it builds on; Yjs would wait for ever. */
function canIntegrate(structs: Decoded["structs"], known: (client: number) => number): boolean {
  const queues = new Map<number, Decoded["structs"]>();
  for (const struct of structs) {
    const queue = queues.get(struct.id.client);
    if (queue === undefined) queues.set(struct.id.client, [struct]);
    else queue.push(struct);
  }
  const done = new Map<number, number>();
  const reached = (client: number) => Math.max(known(client), done.get(client) ?? 0);
  const next = new Map<number, number>();
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const [client, queue] of queues) {
      let index = next.get(client) ?? 0;
      for (let struct = queue[index]; struct !== undefined; struct = queue[++index]) {
        const origin = struct instanceof Y.Item ? struct.origin : null;
        if (origin !== null && origin.clock >= reached(origin.client)) break;
        done.set(client, struct.id.clock + struct.length);
        hasMoved = true;
      }
      next.set(client, index);
      if (index === queue.length) queues.delete(client);
    }
  }
  return queues.size === 0;
}

function structProblem(struct: Decoded["structs"][number], context: InspectionContext): string | undefined {
  const { client, clock } = struct.id;
  if (!context.isAuthor(client)) return "it has an author who may not write here";
  if (!(struct.length >= 1) || clock + struct.length > MAX_CLOCK) return "a struct has no sensible length";
  if (struct instanceof Y.GC) return undefined;
  if (!(struct instanceof Y.Item)) return "it has holes";
  if (struct.rightOrigin !== null) return "it writes a list";
  if (struct.origin === null) {
    // The reader of updates puts a name here for a top-level type; the type does not say so.
    const parent: unknown = struct.parent;
    if (typeof parent !== "string") return "it writes a nested type";
    if (struct.parentSub === null) return "it writes a list";
    if (!isKey(parent) || !isKey(struct.parentSub)) return "a name or id is too long or empty";
  } else if (struct.origin.client === client && struct.origin.clock >= clock) {
    return "a struct comes after itself";
  }
  if (struct.content instanceof Y.ContentDeleted) return undefined;
  if (!(struct.content instanceof Y.ContentAny) || struct.length !== 1) return "a value is not text";
  // Whether the text is JSON shows when it is read: a record that is not is skipped, as any other bad one.
  const text: unknown = struct.content.arr[0];
  return typeof text === "string" && text.length <= MAX_RECORD_LENGTH ? undefined : "a value is not text";
}

function isKey(text: string): boolean {
  return text.length >= 1 && text.length <= MAX_KEY_LENGTH;
}

function encodeClocks(clients: Iterable<number>, clockOf: (client: number) => number): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  const clocks = [...clients].map((client) => [client, clockOf(client)] as const);
  encoder.writeLen(clocks.length);
  for (const [client, clock] of clocks) {
    encoder.writeClient(client);
    encoder.writeLen(clock);
  }
  return encoder.toUint8Array();
}

function malformed(reason: string): Inspection {
  return { verdict: "malformed", reason };
}
