import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Properties {
  readonly title: string;
  readonly onClose: () => void;
  /** Holds a table. */
  readonly wide?: boolean;
  /** Escape does not close it: what it shows would be lost. */
  readonly guarded?: boolean;
  readonly children: ComponentChildren;
}

/** A modal dialog, open as long as it is there. Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, wide = false, guarded = false, children }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? "wide" : ""}
      aria-labelledby={titleId}
      onCancel={(event) => {
        if (guarded) event.preventDefault();
      }}
      onClose={onClose}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
