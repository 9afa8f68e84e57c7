import type { GpioView, PwmMode } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field, FieldFrame } from "../components/field.tsx";
import type { PinSignal } from "./pin-signal.ts";
import type { PinWriter } from "./use-pin-writer.ts";

interface Properties {
  readonly view: GpioView;
  readonly mode: PwmMode;
  readonly signal: PinSignal;
  readonly disabled: boolean;
  readonly writer: PinWriter;
}

/** Duty cycle as a slider, and frequency. */
export function PwmControl({ view, mode, signal, disabled, writer }: Properties) {
  const { wanted } = writer;
  const asked = wanted !== null && "dutyCycle" in wanted ? wanted.dutyCycle : undefined;
  const percent = Math.round((asked ?? signal.dutyCycle ?? mode.dutyCycle) * 100);
  const [frequency, setFrequency] = useState(String(signal.frequencyHz ?? mode.frequencyHz));
  const frequencyHz = Number(frequency);
  const isNumber = frequency.trim() !== "" && !Number.isNaN(frequencyHz);
  return (
    <>
      <FieldFrame label={`Duty cycle: ${percent} %`} problem={writer.problemOf("dutyCycle")}>
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
            onInput={(event) => writer.write({ dutyCycle: Number(event.currentTarget.value) / 100 })}
          />
        )}
      </FieldFrame>
      <form
        class="drive-frequency"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (isNumber) writer.write({ frequencyHz });
        }}
      >
        <Field
          label="Frequency in Hz"
          value={frequency}
          onInput={setFrequency}
          inputMode="numeric"
          hint={`Of ${view.resource}, and of whatever shares its channel.`}
          problem={isNumber ? writer.problemOf("frequencyHz") : "Expected a number"}
        />
        <button type="submit" disabled={disabled || !isNumber}>
          Set frequency
        </button>
      </form>
    </>
  );
}
