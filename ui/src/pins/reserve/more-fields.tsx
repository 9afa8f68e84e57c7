import { Field, SelectField } from "../../components/field.tsx";
import { Checkbox } from "./checkbox.tsx";
import type { FormPart } from "./form-part.ts";

interface Properties extends FormPart {
  readonly isTaken: boolean;
  readonly isDriven: boolean;
}

/** What most people leave as it is. It opens by itself when something in it is wrong. */
export function MoreFields({ draft, onChange, submission, isTaken, isDriven }: Properties) {
  const { problemOf } = submission;
  const isWrong = hidden.some((field) => problemOf(field) !== undefined);
  return (
    <details class="more" open={isWrong || undefined}>
      <summary>More: namespace, watchdog, priority, power</summary>
      <div class="stack">
        <Field
          label="Namespace"
          value={draft.namespace}
          onInput={(namespace) => onChange({ ...draft, namespace })}
          code
          hint="Whose quota it counts for, and who may see it."
          problem={problemOf("namespace")}
        />
        {isDriven && (
          <Field
            label="Watchdog, in ms (optional)"
            value={draft.watchdogMs}
            onInput={(watchdogMs) => onChange({ ...draft, watchdogMs })}
            inputMode="numeric"
            hint="It ends, too, when nothing is written for this long."
            problem={problemOf("watchdogMs")}
          />
        )}
        <Field
          label="Priority"
          value={draft.priority}
          onInput={(priority) => onChange({ ...draft, priority })}
          inputMode="numeric"
          hint="-100 to 100: who stands in line with a higher one is first."
          problem={problemOf("priority")}
        />
        <Checkbox checked={draft.preemptible} onChange={(preemptible) => onChange({ ...draft, preemptible })}>
          Somebody with a higher priority may take it
        </Checkbox>
        <Checkbox checked={draft.preempt} onChange={(preempt) => onChange({ ...draft, preempt })}>
          Take it from a holder of lower priority who agreed to that
        </Checkbox>
        {!isTaken && (
          <Field
            label="If it is taken, wait in line, in seconds"
            value={draft.waitSeconds}
            onInput={(waitSeconds) => onChange({ ...draft, waitSeconds })}
            inputMode="numeric"
            hint="0: do not wait."
            problem={problemOf("waitMs")}
          />
        )}
        <Field
          label="Power of what hangs on it, in mW"
          value={draft.powerMilliwatts}
          onInput={(powerMilliwatts) => onChange({ ...draft, powerMilliwatts })}
          inputMode="numeric"
          hint="Checked against the budgets of the board and of the namespace."
          problem={problemOf("powerMilliwatts")}
        />
        {isDriven && (
          <SelectField
            label="After a restart of its node"
            value={draft.keep}
            onChange={(keep) => onChange({ ...draft, keep: keep === "yes" || keep === "no" ? keep : "auto" })}
            choices={[
              ["auto", "the last value if it has no lease, else as it starts"],
              ["yes", "the last value: each write goes to the disk first"],
              ["no", "as it starts"],
            ]}
            problem={problemOf("keep")}
          />
        )}
      </div>
    </details>
  );
}

const hidden = ["namespace", "watchdogMs", "priority", "waitMs", "powerMilliwatts", "keep"] as const;
