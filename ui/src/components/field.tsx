import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useAutoFocus } from "./use-auto-focus.ts";

interface FrameProperties {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value. */
  readonly problem?: string | undefined;
  /** The control; the attributes tie it to its label, hint and problem. */
  readonly children: (attributes: ControlAttributes) => ComponentChildren;
}

interface ControlAttributes {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string;
}

/** A control with its label, a hint, and what is wrong with its value. */
export function FieldFrame({ label, hint, problem, children }: FrameProperties) {
  const id = useId();
  const hintId = `${id}-hint`;
  const problemId = `${id}-problem`;
  const describedBy = [hint === undefined ? "" : hintId, problem === undefined ? "" : problemId];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        "aria-invalid": problem !== undefined,
        "aria-describedby": describedBy.filter(Boolean).join(" "),
      })}
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

interface Properties extends Omit<FrameProperties, "children"> {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly autoFocus?: boolean;
  readonly placeholder?: string;
  readonly autoComplete?: string;
  readonly inputMode?: "text" | "numeric" | "email";
  /** Drawn in letters of one width, as codes and ids are. */
  readonly code?: boolean;
}

/** A line of text to fill in. */
export function Field({
  value,
  onInput,
  autoFocus = false,
  placeholder = "",
  autoComplete = "off",
  inputMode = "text",
  code = false,
  ...frame
}: Properties) {
  const input = useAutoFocus<HTMLInputElement>(autoFocus);
  return (
    <FieldFrame {...frame}>
      {(attributes) => (
        <input
          {...attributes}
          ref={input}
          type="text"
          class={code ? "code" : ""}
          value={value}
          placeholder={placeholder}
          autoFocus={autoFocus}
          autoCapitalize="none"
          autoComplete={autoComplete}
          inputMode={inputMode}
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}

interface SelectProperties extends Omit<FrameProperties, "children"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly choices: readonly (readonly [value: string, label: string])[];
}

/** One of several values to choose. */
export function SelectField({ value, onChange, choices, ...frame }: SelectProperties) {
  return (
    <FieldFrame {...frame}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map(([choice, label]) => (
            <option key={choice} value={choice}>
              {label}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}
