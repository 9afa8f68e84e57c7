import type { GpioValue, GpioView, PwmMode } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { Field, FieldFrame } from "../components/field.tsx";
import type { Submission } from "../forms/submission.ts";
import type { PinSignal } from "./pin-signal.ts";

interface Properties {
  readonly view: GpioView;
  readonly mode: PwmMode;
  readonly signal: PinSignal;
  readonly disabled: boolean;
  readonly submission: Submission;
  readonly onWrite: (value: GpioValue) => Promise<void>;
}

/** Duty cycle as a slider, written when it is let go, and frequency. */
export function PwmControl({ view, mode, signal, disabled, submission, onWrite }: Properties) {
  const told = Math.round((signal.dutyCycle ?? mode.dutyCycle) * 100);
  const [percent, setPercent] = useState(told);
  const [frequency, setFrequency] = useState(String(signal.frequencyHz ?? mode.frequencyHz));
  // Somebody else, as a program with the same token, may have moved it.
  useEffect(() => setPercent(told), [told]);
  const frequencyHz = Number(frequency);
  const isNumber = frequency.trim() !== "" && !Number.isNaN(frequencyHz);
  return (
    <>
      <FieldFrame
        label={`Duty cycle: ${percent} %`}
        problem={submission.problemOf("value.dutyCycle") ?? submission.problemOf("dutyCycle")}
      >
        {(attributes) => (
          <input
            {...attributes}
            type="range"
            class="slider"
            min="0"
            max="100"
            step="1"
            value={percent}
            disabled={disabled}
            aria-valuetext={`${percent} %`}
            onInput={(event) => setPercent(Number(event.currentTarget.value))}
            onChange={(event) => void onWrite({ dutyCycle: Number(event.currentTarget.value) / 100 })}
          />
        )}
      </FieldFrame>
      <form
        class="drive-frequency"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (isNumber) void onWrite({ frequencyHz });
        }}
      >
        <Field
          label="Frequency in Hz"
          value={frequency}
          onInput={setFrequency}
          inputMode="numeric"
          hint={`Of ${view.resource}, and of whatever shares its channel.`}
          problem={
            isNumber
              ? (submission.problemOf("value.frequencyHz") ?? submission.problemOf("frequencyHz"))
              : "Expected a number"
          }
        />
        <button type="submit" disabled={disabled || !isNumber}>
          Set frequency
        </button>
      </form>
    </>
  );
}
