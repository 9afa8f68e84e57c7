import type { ComponentChildren } from "preact";
import { CopyField } from "./copy-field.tsx";
import { Dialog } from "./dialog.tsx";

interface Properties {
  readonly title: string;
  /** What follows from its being shown this one time. */
  readonly warning: string;
  /** What the secret is. */
  readonly label: string;
  readonly secret: string;
  readonly onClose: () => void;
  /** How it is used. */
  readonly children: ComponentChildren;
}

/** Shows a secret that nobody can see again; only its button closes it. */
export function ShownOnceDialog({ title, warning, label, secret, onClose, children }: Properties) {
  return (
    <Dialog title={title} onClose={onClose} guarded>
      <div class="stack">
        <p class="warning">
          <b>It is shown this one time.</b> {warning}
        </p>
        <CopyField label={label} text={secret} />
        {children}
        <div class="actions">
          <button type="button" onClick={onClose}>
            I have put it away
          </button>
        </div>
      </div>
    </Dialog>
  );
}
