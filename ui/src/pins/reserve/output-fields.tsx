import { SelectField } from "../../components/field.tsx";
import { Checkbox } from "./checkbox.tsx";
import type { FormPart } from "./form-part.ts";

/** What an output takes. */
export function OutputFields({ draft, onChange, submission }: FormPart) {
  return (
    <>
      <SelectField
        label="Starts"
        value={draft.initial}
        onChange={(initial) => onChange({ ...draft, initial })}
        choices={[
          ["low", "low"],
          ["high", "high"],
        ]}
        problem={submission.problemOf("mode.initial")}
      />
      <SelectField
        label="Drives"
        value={draft.drive}
        onChange={(drive) => onChange({ ...draft, drive })}
        choices={[
          ["push-pull", "both levels (push-pull)"],
          ["open-drain", "low only (open-drain)"],
          ["open-source", "high only (open-source)"],
        ]}
        problem={submission.problemOf("mode.drive")}
      />
      <Checkbox checked={draft.activeLow} onChange={(activeLow) => onChange({ ...draft, activeLow })}>
        Active low: what is called high here is low on the wire
      </Checkbox>
    </>
  );
}
