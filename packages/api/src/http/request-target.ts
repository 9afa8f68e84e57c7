import { MeshError } from "@pi-controller/schema";

export interface RequestTarget {
  /** Not decoded. */
  readonly path: string;
  /** A name that is given twice has an array, which no schema takes. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Takes the target of a request line apart.
 *
 * @throws MeshError INVALID_ARGUMENT for the forms that only proxies get (RFC 9112 section 3.2)
 */
export function parseTarget(target: string): RequestTarget {
  if (!target.startsWith("/"))
    throw new MeshError("INVALID_ARGUMENT", "Expected a path, such as /api/v1/nodes");
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: {} };
  const search = new URLSearchParams(target.slice(mark + 1));
  const entries = [...new Set(search.keys())].map((name) => {
    const values = search.getAll(name);
    return [name, values.length === 1 ? (values[0] ?? "") : values] as const;
  });
  // Not by assignment: the name could be `__proto__`.
  return { path: target.slice(0, mark), query: Object.fromEntries(entries) };
}
