import { MeshError } from "@pi-controller/schema";

/** A row with its place in the order in which the rows of its table came. */
interface Counted {
  readonly sequence: number;
}

/**
 * Reads a page of rows, newest first. The cursor of the next one is the place of the last row that is shown.
 *
 * @param page `cursor`: from a page before
 * @param read rows below `before`, that one left out, newest first
 * @throws MeshError INVALID_ARGUMENT for a cursor that no page gave; what `read` throws
 */
export function readPage<Row extends Counted>(
  page: { readonly limit: number; readonly cursor?: string | undefined },
  read: (before: number, limit: number) => readonly Row[],
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : placeOf(page.cursor);
  // One more than asked for tells whether there is a next page.
  const found = read(before, page.limit + 1);
  const rows = found.slice(0, page.limit);
  return { rows, nextCursor: found.length > rows.length ? String(rows.at(-1)?.sequence ?? before) : null };
}

function placeOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  const message = "expected one that a page before gave";
  throw new MeshError("INVALID_ARGUMENT", `Invalid cursor: ${message}`, {
    fields: [{ field: "cursor", message }],
  });
}
