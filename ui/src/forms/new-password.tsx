import { PasswordField } from "../components/password-field.tsx";
import { passwordAdvice } from "./password-advice.ts";

/** A new password as it is entered: twice, for one cannot see what one types. */
export interface NewPasswordEntry {
  readonly password: string;
  readonly repeated: string;
}

/** What keeps the entry from being taken; null when nothing does. */
export function newPasswordProblem({ password, repeated }: NewPasswordEntry): "short" | "different" | null {
  if (passwordAdvice(password).level === "short") return "short";
  return password === repeated ? null : "different";
}

interface Properties {
  readonly label: string;
  readonly entry: NewPasswordEntry;
  readonly onChange: (entry: NewPasswordEntry) => void;
  /** Words that an attacker would try first. */
  readonly context: readonly string[];
  readonly problem: string | undefined;
}

/** Asks for a new password twice, with advice while it is typed. */
export function NewPassword({ label, entry, onChange, context, problem }: Properties) {
  const advice = passwordAdvice(entry.password, context);
  // While the second one is still being typed it differs of course.
  const different = entry.repeated !== "" && !entry.password.startsWith(entry.repeated);
  const unfinished = entry.repeated !== "" && entry.repeated !== entry.password;
  return (
    <>
      <PasswordField
        label={label}
        value={entry.password}
        onInput={(password) => onChange({ ...entry, password })}
        kind="new-password"
        hint={<span class={`advice advice-${advice.level}`}>{advice.text}</span>}
        problem={problem}
      />
      <PasswordField
        label={`${label}, again`}
        value={entry.repeated}
        onInput={(repeated) => onChange({ ...entry, repeated })}
        kind="new-password"
        hint={unfinished && !different ? "Go on …" : undefined}
        problem={different ? "This is not the same as above." : undefined}
      />
    </>
  );
}
