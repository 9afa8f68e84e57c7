import { type FieldProblem, MeshError } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { browserClock } from "../time/page-clock.ts";

/** How an attempt to save something stands. */
export interface Submission {
  readonly busy: boolean;
  readonly error: MeshError | null;
  /** Monotonic time in ms before which the peer takes no further attempt; null when it does. */
  readonly lockedUntil: number | null;
  /** What is wrong with a field, by its path as `labels.role`. */
  readonly problemOf: (field: string) => string | undefined;
  /** What is wrong with a field or with anything below it, as `rules[0].verbs` is below `rules`. */
  readonly problemUnder: (field: string) => string | undefined;
  /** What went wrong that is not about one of `shownFields`, to be said above the form. */
  readonly general: (shownFields: readonly string[]) => string | null;
  /** Runs the attempt; a MeshError that it throws is kept here. One at a time. */
  readonly run: (attempt: () => Promise<void>) => Promise<void>;
}

/** Keeps the state of a form's attempts to save. */
export function useSubmission(): Submission {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<MeshError | null>(null);
  const [lockedUntil, setLockedUntil] = useState<number | null>(null);
  return {
    busy,
    error,
    lockedUntil,
    problemOf: (field) => fieldsOf(error).find((problem) => problem.field === field)?.message,
    problemUnder: (field) => fieldsOf(error).find((problem) => isUnder(problem.field, field))?.message,
    general: (shownFields) => generalText(error, shownFields),
    async run(attempt) {
      if (busy) return;
      setBusy(true);
      setError(null);
      try {
        await attempt();
      } catch (caught) {
        if (!(caught instanceof MeshError)) throw caught;
        setError(caught);
        const waitMs = lockoutMs(caught);
        setLockedUntil(waitMs === null ? null : browserClock.monotonic() + waitMs);
      } finally {
        setBusy(false);
      }
    },
  };
}

/**
 * What to say above a form: nothing when each thing that is wrong is said beside its field, otherwise the
 * whole message.
 */
export function generalText(error: MeshError | null, shownFields: readonly string[]): string | null {
  if (error === null) return null;
  const fields = fieldsOf(error);
  const allShown =
    fields.length > 0 && fields.every(({ field }) => shownFields.some((shown) => isUnder(field, shown)));
  if (allShown) return null;
  return error.code === "PERMISSION_DENIED" ? `You may not do this. ${error.message}` : error.message;
}

function isUnder(field: string, parent: string): boolean {
  return field === parent || field.startsWith(`${parent}.`) || field.startsWith(`${parent}[`);
}

/** The fields that an error is about. A password that is wrong has no other place than its own field. */
export function fieldsOf(error: MeshError | null): readonly FieldProblem[] {
  if (error === null) return [];
  if (error.details.fields !== undefined) return error.details.fields;
  return error.code === "UNAUTHENTICATED" ? [{ field: "password", message: error.message }] : [];
}

/** For how long the peer takes no further attempt, in ms; null when the error says nothing of that. */
export function lockoutMs({ code, details }: MeshError): number | null {
  return code === "RESOURCE_EXHAUSTED" ? (details.retryAfterMs ?? null) : null;
}
