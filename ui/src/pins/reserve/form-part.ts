import type { Submission } from "../../forms/submission.ts";
import type { ReservationDraft } from "../reservation-draft.ts";

/** What each part of the form of a reservation is given. */
export interface FormPart {
  readonly draft: ReservationDraft;
  readonly onChange: (draft: ReservationDraft) => void;
  readonly submission: Pick<Submission, "problemOf" | "problemUnder">;
}
