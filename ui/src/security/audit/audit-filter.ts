import type { AuditListQuery } from "@pi-controller/client";

/** What of an audit log is shown. Empty means all; of the node, the one that answers. */
export interface AuditFilter {
  readonly node: string;
  readonly actor: string;
  readonly outcome: string;
  readonly correlation: string;
}

const outcomes = ["allowed", "denied", "failed"] as const;

/** The filter as the API takes it. An outcome that is none, as typed into the address bar, is left out. */
export function queryOfFilter(filter: AuditFilter, cursor: string | null, limit: number): AuditListQuery {
  const outcome = outcomes.find((name) => name === filter.outcome);
  const actor = filter.actor.trim().slice(0, 64);
  return {
    limit,
    ...(filter.node === "" ? {} : { node: filter.node }),
    ...(actor === "" ? {} : { actor }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(filter.correlation === "" ? {} : { correlationId: filter.correlation.slice(0, 64) }),
    ...(cursor === null ? {} : { cursor }),
  };
}

/** Reads the filter out of the query of the address bar. */
export function auditFilterOf(query: URLSearchParams): AuditFilter {
  const text = (name: string) => query.get(name) ?? "";
  return {
    node: text("node"),
    actor: text("actor"),
    outcome: text("outcome"),
    correlation: text("correlation"),
  };
}
