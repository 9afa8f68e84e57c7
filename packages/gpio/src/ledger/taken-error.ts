import { type ErrorDetails, MeshError, type ReservationRecord } from "@pi-controller/schema";
import { conflictOf } from "./claims.ts";
import type { Entry, Instant } from "./ledger.ts";

const MOST_NAMED = 3;

export interface InTheWay {
  readonly asked: Pick<Entry, "record" | "claims"> & { readonly preempt: boolean };
  readonly holders: readonly Entry[];
  /** Those that wait for it and go first. */
  readonly ahead: readonly Entry[];
}

/** ALREADY_EXISTS: who holds what is asked for, what for, until when, and what else could be done. */
export function takenError({ asked, holders, ahead }: InTheWay, at?: Instant): MeshError {
  const [holder] = holders;
  const sentences = [
    holder === undefined ? awaited(asked.record, ahead) : taken(asked, holder, at),
    ...preemption(asked, holders),
    "Ask with waitMs to stand in line",
  ];
  return new MeshError("ALREADY_EXISTS", sentences.join(". "), retryAfter(holder, at));
}

function taken(asked: InTheWay["asked"], holder: Entry, at: Instant | undefined): string {
  const { resource } = asked.record;
  const held = holder.record.resource;
  const by = `held by ${described(holder.record)} ${until(holder, at)}`;
  if (held === resource) return `${resource} is ${by}`;
  // As for two PWM outputs on one channel: it is not the pin that is taken.
  return `${resource} needs ${conflictOf(asked.claims, holder.claims)?.key}, which ${held} uses, ${by}`;
}

function awaited({ resource, priority }: ReservationRecord, ahead: readonly Entry[]): string {
  const names = ahead.slice(0, MOST_NAMED).map(({ record }) => described(record));
  const rest = ahead.length > names.length ? ` and ${ahead.length - names.length} more` : "";
  return `${resource} is next for those in line with priority ${priority} or higher: ${names.join(", ")}${rest}`;
}

function described({ holder, name, purpose }: ReservationRecord): string {
  const what = [name, purpose].filter((text) => text !== undefined && text !== "").join(": ");
  return what === "" ? holder.userName : `${holder.userName} (${what})`;
}

function until({ record, endsAtMs }: Entry, at: Instant | undefined): string {
  if (record.ttlMs === null) return "until it is released";
  if (at === undefined || endsAtMs === null) return `for ${record.ttlMs} ms at a time`;
  const endsAt = new Date(at.wallMs + Math.max(endsAtMs - at.uptimeMs, 0)).toISOString();
  return `until ${endsAt}, longer if it is renewed`;
}

function preemption({ preempt, record }: InTheWay["asked"], holders: readonly Entry[]): readonly string[] {
  if (!preempt) return [];
  const firm = holders.find((holder) => !holder.record.preemptible);
  if (firm !== undefined) return [`${firm.record.holder.userName} has not agreed to preemption`];
  const higher = holders.find((holder) => holder.record.priority >= record.priority);
  if (higher === undefined) return [];
  return [`Its priority is ${higher.record.priority}: preemption takes one above that`];
}

function retryAfter(holder: Entry | undefined, at: Instant | undefined): ErrorDetails {
  if (holder === undefined || holder.endsAtMs === null || at === undefined) return {};
  return { retryAfterMs: Math.max(Math.ceil(holder.endsAtMs - at.uptimeMs), 0) };
}
