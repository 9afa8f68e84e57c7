import type { NodeGpio } from "@pi-controller/schema";
import { Field, SelectField } from "../../components/field.tsx";
import { formatFrequency } from "../pin-signal.ts";
import { Checkbox } from "./checkbox.tsx";
import type { FormPart } from "./form-part.ts";

/** What PWM takes, with what the pin can do of it. */
export function PwmFields({
  draft,
  onChange,
  submission,
  pwm,
}: FormPart & { readonly pwm: NodeGpio["pwm"] }) {
  const ranges = pwm.map(
    ({ method, channel, minFrequencyHz, maxFrequencyHz }) =>
      `${method} (${channel}) from ${formatFrequency(minFrequencyHz)} to ${formatFrequency(maxFrequencyHz)}`,
  );
  return (
    <>
      <SelectField
        label="Made by"
        value={draft.method}
        onChange={(method) => onChange({ ...draft, method })}
        choices={[
          ["auto", "hardware where it is free, else software"],
          ["hardware", "hardware only"],
          ["software", "software"],
        ]}
        hint={ranges.length === 0 ? "This node tells of no PWM at this pin." : `Here: ${ranges.join("; ")}.`}
        problem={submission.problemOf("mode.method")}
      />
      <Field
        label="Frequency in Hz"
        value={draft.frequencyHz}
        onInput={(frequencyHz) => onChange({ ...draft, frequencyHz })}
        inputMode="numeric"
        hint="50 for most servos, 1000 for a dimmed LED."
        problem={submission.problemOf("mode.frequencyHz")}
      />
      <Field
        label="Duty cycle at first, in %"
        value={draft.dutyPercent}
        onInput={(dutyPercent) => onChange({ ...draft, dutyPercent })}
        inputMode="numeric"
        problem={submission.problemOf("mode.dutyCycle")}
      />
      <Checkbox checked={draft.inverted} onChange={(inverted) => onChange({ ...draft, inverted })}>
        Inverted: the part of the time that it is low
      </Checkbox>
    </>
  );
}
