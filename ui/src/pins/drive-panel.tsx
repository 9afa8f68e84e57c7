import type { GpioValue, GpioView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { ApplyWithin } from "./apply-within.tsx";
import type { PinSignal } from "./pin-signal.ts";
import { PwmControl } from "./pwm-control.tsx";

interface Properties {
  readonly view: GpioView;
  readonly signal: PinSignal;
  /** The owner does not answer: what is written is kept for it. */
  readonly isAway: boolean;
  readonly isStopped: boolean;
  readonly onChanged: () => void;
}

const APPLY_WITHIN_MS = 600_000;

/** Drives a pin that the user holds. */
export function DrivePanel({ view, signal, isAway, isStopped, onChanged }: Properties) {
  const { client, lost } = useSession();
  const submission = useSubmission();
  const mayWrite = usePinRights()("update", view.namespace);
  const [applyWithinMs, setApplyWithinMs] = useState(APPLY_WITHIN_MS);
  const { id, token, mode } = view;
  if (token === null || !mayWrite || (mode.kind !== "output" && mode.kind !== "pwm")) return null;
  const write = (value: GpioValue) =>
    submission.run(async () => {
      await client.gpio.write(id, { token, value, ...(isAway ? { applyWithinMs } : {}) });
      onChanged();
    });
  const disabled = lost.value || (isStopped && !isAway);
  return (
    <div class="drive">
      {isAway && !lost.value && (
        <ApplyWithin nodeName={view.nodeName} valueMs={applyWithinMs} onChange={setApplyWithinMs} />
      )}
      {mode.kind === "output" ? (
        <div class="drive-levels" role="group" aria-label={`Level of ${view.resource}`}>
          {(["low", "high"] as const).map((level) => (
            <button
              key={level}
              type="button"
              class="drive-level"
              aria-pressed={signal.status === "current" && signal.level === level}
              disabled={disabled}
              onClick={() => void write({ level })}
            >
              {level === "low" ? "Low" : "High"}
            </button>
          ))}
        </div>
      ) : (
        <PwmControl
          view={view}
          mode={mode}
          signal={signal}
          disabled={disabled}
          submission={submission}
          onWrite={write}
        />
      )}
      {submission.error !== null && submission.general(["value.dutyCycle", "value.frequencyHz"]) !== null && (
        <p class="problem" role="alert">
          Not written: {submission.error.message}
        </p>
      )}
    </div>
  );
}
