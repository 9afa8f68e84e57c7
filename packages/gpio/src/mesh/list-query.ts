import { headerOf } from "@pi-controller/hardware";
import {
  type GpioQuery,
  MeshError,
  type NodeId,
  type ReservationRecord,
  reservationIdSchema,
} from "@pi-controller/schema";
import { parseResource, resourceText } from "../resources/resource-text.ts";

export interface Placed {
  readonly node: NodeId;
  readonly record: ReservationRecord;
}

/**
 * One page of the reservations that match, in the order of their ids.
 *
 * @throws MeshError INVALID_ARGUMENT naming `cursor` or `resource`
 */
export function pageOf(
  all: Iterable<Placed>,
  { node, namespace, resource, name, state, limit, cursor }: Omit<GpioQuery, "limit"> & { limit: number },
): { readonly items: readonly Placed[]; readonly total: number; readonly nextCursor: string | null } {
  const canonical = resource === undefined ? undefined : canonicalResource(resource);
  if (cursor !== undefined && !reservationIdSchema.safeParse(cursor).success) {
    throw invalid("cursor", "expected the nextCursor of an earlier answer");
  }
  const found = [...all].filter(
    ({ node: owner, record }) =>
      (node === undefined || owner === node) &&
      (namespace === undefined || record.namespace === namespace) &&
      (canonical === undefined || record.resource === canonical) &&
      (name === undefined || record.name === name) &&
      (state === undefined || record.state === state),
  );
  const rest = found
    .filter(({ record }) => cursor === undefined || record.id > cursor)
    .sort((one, other) => (one.record.id < other.record.id ? -1 : 1));
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    total: found.length,
    nextCursor: rest.length > items.length && last !== undefined ? last.record.id : null,
  };
}

/** The 40 places carry the same pins on every board that has them: which nodes there are does not matter. */
const anyHeader = headerOf({ family: "pi-4", gpioChips: [] });

/** What records call a resource. @throws MeshError INVALID_ARGUMENT naming `resource` */
function canonicalResource(text: string): string {
  return resourceText(parseResource(text, anyHeader));
}

/** Place in line as the document tells it: by priority, then by who came first. Null for one that holds. */
export function positionIn(records: readonly ReservationRecord[], record: ReservationRecord): number | null {
  if (record.state === "granted") return null;
  const ahead = records.filter(
    (other) =>
      other.state === "waiting" &&
      other.resource === record.resource &&
      (other.priority > record.priority || (other.priority === record.priority && other.id < record.id)),
  );
  return ahead.length + 1;
}

function invalid(field: string, message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid query: ${field}: ${message}`, {
    fields: [{ field, message }],
  });
}
