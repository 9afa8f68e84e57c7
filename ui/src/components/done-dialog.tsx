import type { ComponentChildren } from "preact";
import { Dialog } from "./dialog.tsx";

interface Properties {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Says that what was asked for is done, and what comes of it. */
export function DoneDialog({ title, onClose, children }: Properties) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p role="status">{children}</p>
      <div class="actions">
        <button type="button" class="primary" autoFocus onClick={onClose}>
          Good
        </button>
      </div>
    </Dialog>
  );
}
