import { MeshError } from "@pi-controller/schema";
import { useState } from "preact/hooks";

/** How an attempt to save something stands. */
export interface Submission {
  readonly busy: boolean;
  readonly error: MeshError | null;
  /** What is wrong with a field, by its path as `labels.role`. */
  readonly problemOf: (field: string) => string | undefined;
  /** What went wrong that is not about one of `shownFields`, to be said above the form. */
  readonly general: (shownFields: readonly string[]) => string | null;
  /** Runs the attempt; a MeshError that it throws is kept here. One at a time. */
  readonly run: (attempt: () => Promise<void>) => Promise<void>;
}

/** Keeps the state of a form's attempts to save. */
export function useSubmission(): Submission {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<MeshError | null>(null);
  return {
    busy,
    error,
    problemOf: (field) => error?.details.fields?.find((problem) => problem.field === field)?.message,
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
  const fields = error.details.fields ?? [];
  const allShown = fields.length > 0 && fields.every(({ field }) => shownFields.includes(field));
  return allShown ? null : error.message;
}
