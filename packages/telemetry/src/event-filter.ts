import type { MeshEvent, NodeId } from "@pi-controller/schema";

/** Which events somebody wants; what is left out does not restrict. */
export interface EventFilter {
  /** Types, and `cluster.node.*` for all that start so; an event matches when one of them does. */
  readonly types?: readonly string[] | undefined;
  /** The node that the event is about. */
  readonly node?: NodeId | undefined;
  readonly correlationId?: string | undefined;
  /** From this moment on, in ms since 1970, by the clock of the node where it happened. */
  readonly sinceMs?: number | undefined;
  /** Before this moment. */
  readonly untilMs?: number | undefined;
}

/** The filter in a query of the API, where types are separated by commas and times are text. */
export function eventFilter(query: {
  readonly type?: string | undefined;
  readonly node?: NodeId | undefined;
  readonly correlationId?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}): EventFilter {
  return {
    types: query.type
      ?.split(",")
      .map((type) => type.trim())
      .filter((type) => type !== ""),
    node: query.node,
    correlationId: query.correlationId,
    sinceMs: query.since === undefined ? undefined : Date.parse(query.since),
    untilMs: query.until === undefined ? undefined : Date.parse(query.until),
  };
}

/** Whether an event is one that the filter asks for. The same rule as `filterConditions`, in memory. */
export function matchesFilter(filter: EventFilter, event: MeshEvent): boolean {
  const timeMs = Date.parse(event.timestamp);
  return (
    (filter.types?.some((type) => matchesType(type, event.type)) ?? true) &&
    (filter.node === undefined || filter.node === event.node) &&
    (filter.correlationId === undefined || filter.correlationId === event.correlationId) &&
    (filter.sinceMs === undefined || timeMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || timeMs < filter.untilMs)
  );
}

function matchesType(wanted: string, type: string): boolean {
  return wanted.endsWith("*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

export interface Conditions {
  /** SQL, true for what the filter asks for. Never holds a value from outside. */
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** The filter as a condition on the table `events`. */
export function filterConditions(filter: EventFilter): Conditions {
  const terms: string[] = ["TRUE"];
  const parameters: (string | number)[] = [];
  const add = (sql: string, ...values: (string | number)[]) => {
    terms.push(sql);
    parameters.push(...values);
  };
  if (filter.types !== undefined) {
    const types = filter.types.map((type) => {
      const prefix = type.endsWith("*") ? type.slice(0, -1) : undefined;
      return prefix === undefined
        ? { sql: "type = ?", value: type }
        : { sql: "substr(type, 1, length(?)) = ?", value: prefix };
    });
    add(`(${["FALSE", ...types.map(({ sql }) => sql)].join(" OR ")})`);
    for (const { sql, value } of types)
      parameters.push(...(sql.startsWith("substr") ? [value, value] : [value]));
  }
  if (filter.node !== undefined) add("node = ?", filter.node);
  if (filter.correlationId !== undefined) add("correlation_id = ?", filter.correlationId);
  if (filter.sinceMs !== undefined) add("time_ms >= ?", filter.sinceMs);
  if (filter.untilMs !== undefined) add("time_ms < ?", filter.untilMs);
  return { sql: terms.join(" AND "), parameters };
}
