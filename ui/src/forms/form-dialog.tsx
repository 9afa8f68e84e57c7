import type { ComponentChildren } from "preact";
import { Dialog } from "../components/dialog.tsx";
import { Form } from "./form.tsx";
import type { Submission } from "./submission.ts";

interface Properties {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly busyText: string;
  /** Something is lost by it. */
  readonly danger?: boolean;
  readonly cancel?: string;
  /** Holds more than a column of fields. */
  readonly wide?: boolean;
  readonly submission: Submission;
  /** Fields whose problems the form shows itself. */
  readonly shownFields: readonly string[];
  /** What keeps the form from being sent as it is. */
  readonly disabled?: boolean;
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog that does one thing: what it takes, what went wrong, and the two buttons. */
export function FormDialog({ title, onClose, cancel = "Cancel", wide = false, ...form }: Properties) {
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <Form
        {...form}
        secondary={
          <button type="button" onClick={onClose}>
            {cancel}
          </button>
        }
      />
    </Dialog>
  );
}
