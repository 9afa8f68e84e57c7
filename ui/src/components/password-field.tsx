import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Submission } from "../forms/submission.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { FieldFrame } from "./field.tsx";
import { useAutoFocus } from "./use-auto-focus.ts";

interface Properties {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** Tells password managers whether to fill one in or to make one up. */
  readonly kind: "current-password" | "new-password";
  readonly hint?: ComponentChildren;
  readonly problem?: string | undefined;
  readonly autoFocus?: boolean;
}

/** A password to fill in, which one can look at. */
export function PasswordField({ value, onInput, kind, autoFocus = false, ...frame }: Properties) {
  const [shown, setShown] = useState(false);
  const input = useAutoFocus<HTMLInputElement>(autoFocus);
  return (
    <FieldFrame {...frame}>
      {(attributes) => (
        <span class="with-button">
          <input
            {...attributes}
            ref={input}
            {...(shown ? { type: "text" } : { type: "password" })}
            value={value}
            autoFocus={autoFocus}
            autoCapitalize="none"
            autoComplete={kind}
            spellcheck={false}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <button
            type="button"
            class="quiet"
            aria-pressed={shown}
            aria-label={`Show ${frame.label.toLowerCase()}`}
            onClick={() => setShown(!shown)}
          >
            {shown ? "Hide" : "Show"}
          </button>
        </span>
      )}
    </FieldFrame>
  );
}

interface ConfirmProperties {
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** Of the form that it stands in. */
  readonly submission: Pick<Submission, "error" | "problemOf">;
  readonly autoFocus?: boolean;
}

/** Asks for the acting user's own password again, as whatever changes who may do what takes it. */
export function ConfirmPassword({ submission, ...field }: ConfirmProperties) {
  const userName = useIdentity().principal.value?.userName ?? "";
  const problem = submission.problemOf("password");
  // The peer may say that the name or the password is wrong, as at a login; the name is no question here.
  const wrong = problem !== undefined && submission.error?.code === "UNAUTHENTICATED";
  return (
    <>
      <UserNameForManagers userName={userName} />
      <PasswordField
        {...field}
        label="Your password"
        kind="current-password"
        problem={wrong ? "This is not your password." : problem}
        hint={`The one that you, ${userName}, log in with. It is asked again for what matters.`}
      />
    </>
  );
}

/** Tells password managers whose password the form is about. */
export function UserNameForManagers({ userName }: { readonly userName: string }) {
  return (
    <input
      type="text"
      class="visually-hidden"
      autoComplete="username"
      value={userName}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  );
}
