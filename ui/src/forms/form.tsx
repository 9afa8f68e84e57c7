import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Lockout, useLocked } from "../components/lockout.tsx";
import type { Submission } from "./submission.ts";

interface Properties {
  readonly action: string;
  readonly busyText: string;
  readonly danger?: boolean;
  readonly submission: Submission;
  readonly shownFields: readonly string[];
  readonly disabled?: boolean;
  readonly onSubmit: () => Promise<void>;
  /** Stands before the button that sends the form. */
  readonly secondary?: ComponentChildren;
  readonly children: ComponentChildren;
}

/**
 * A form with what went wrong above it and its buttons below. After a refusal the focus goes to the first field
 * that is wrong; while the peer takes no attempt the form counts down instead of being sent.
 */
export function Form(properties: Properties) {
  const { submission, shownFields, danger = false, disabled = false } = properties;
  const form = useRef<HTMLFormElement>(null);
  const locked = useLocked(submission.lockedUntil);
  useEffect(() => {
    if (submission.error === null) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-problem] input');
    if (wrong) return wrong.focus();
    // It stands above the form, whose button may be far below.
    form.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
  }, [submission.error]);
  const general = locked ? null : submission.general(shownFields);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!locked && !disabled) void submission.run(properties.onSubmit);
      }}
    >
      {general !== null && (
        <p class="problem" role="alert">
          {general}
        </p>
      )}
      {submission.lockedUntil !== null && (
        <Lockout until={submission.lockedUntil} what={submission.error?.message ?? "Too many attempts."} />
      )}
      {properties.children}
      <div class="actions">
        {properties.secondary}
        <button
          type="submit"
          class={danger ? "danger solid" : "primary"}
          disabled={submission.busy || locked || disabled}
        >
          {submission.busy ? properties.busyText : properties.action}
        </button>
      </div>
    </form>
  );
}
