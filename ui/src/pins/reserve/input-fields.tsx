import { Field, SelectField } from "../../components/field.tsx";
import { Checkbox } from "./checkbox.tsx";
import type { FormPart } from "./form-part.ts";

/** What an input takes. */
export function InputFields({ draft, onChange, submission }: FormPart) {
  return (
    <>
      <SelectField
        label="Pull"
        value={draft.pull}
        onChange={(pull) => onChange({ ...draft, pull })}
        choices={[
          ["none", "none: whatever hangs on it decides"],
          ["up", "up: high when nothing drives it"],
          ["down", "down: low when nothing drives it"],
        ]}
        problem={submission.problemOf("mode.pull")}
      />
      <SelectField
        label="Tell of edges"
        value={draft.edges}
        onChange={(edges) => onChange({ ...draft, edges })}
        choices={[
          ["both", "rising and falling"],
          ["rising", "rising"],
          ["falling", "falling"],
          ["none", "none"],
        ]}
        problem={submission.problemOf("mode.edges")}
      />
      <Field
        label="Debounce, in ms"
        value={draft.debounceMs}
        onInput={(debounceMs) => onChange({ ...draft, debounceMs })}
        inputMode="numeric"
        hint="A level has to stand for this long to count. 0: every one counts."
        problem={submission.problemOf("mode.debounceMs")}
      />
      <Checkbox checked={draft.activeLow} onChange={(activeLow) => onChange({ ...draft, activeLow })}>
        Active low: what is low on the wire is called high here
      </Checkbox>
    </>
  );
}
