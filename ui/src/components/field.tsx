import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Properties {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value. */
  readonly problem?: string | undefined;
  readonly autoFocus?: boolean;
  readonly placeholder?: string;
}

/** A line of text to fill in, with its label, a hint, and what is wrong with it. */
export function Field({
  label,
  value,
  onInput,
  hint,
  problem,
  autoFocus = false,
  placeholder = "",
}: Properties) {
  const id = useId();
  const hintId = `${id}-hint`;
  const problemId = `${id}-problem`;
  const describedBy = [hint === undefined ? "" : hintId, problem === undefined ? "" : problemId];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        value={value}
        placeholder={placeholder}
        autoFocus={autoFocus}
        autoCapitalize="none"
        autoComplete="off"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={describedBy.filter(Boolean).join(" ")}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p class="problem" id={problemId}>
          {problem}
        </p>
      )}
    </div>
  );
}
