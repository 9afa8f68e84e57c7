import type { GpioView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { useSession } from "../session/session-context.ts";
import { ApplyWithin } from "./apply-within.tsx";
import type { PinSignal } from "./pin-signal.ts";
import { PwmControl } from "./pwm-control.tsx";
import { usePinWriter } from "./use-pin-writer.ts";

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
  const { lost } = useSession();
  const mayWrite = usePinRights()("update", view.namespace);
  const [applyWithinMs, setApplyWithinMs] = useState(APPLY_WITHIN_MS);
  const writer = usePinWriter(view, isAway ? applyWithinMs : null, onChanged);
  const { mode, resource } = view;
  if (view.token === null || !mayWrite || (mode.kind !== "output" && mode.kind !== "pwm")) return null;
  const disabled = lost.value || (isStopped && !isAway);
  const level = signal.status === "current" ? signal.level : null;
  return (
    <div class="drive">
      {isAway && !lost.value && (
        <ApplyWithin nodeName={view.nodeName} valueMs={applyWithinMs} onChange={setApplyWithinMs} />
      )}
      {mode.kind === "output" ? (
        <div class="drive-levels" role="group" aria-label={`Level of ${resource}`}>
          {(["low", "high"] as const).map((choice) => (
            <button
              key={choice}
              type="button"
              class="drive-level"
              aria-pressed={level === choice}
              disabled={disabled}
              onClick={() => writer.write({ level: choice })}
            >
              {choice === "low" ? "Low" : "High"}
            </button>
          ))}
        </div>
      ) : (
        <PwmControl view={view} mode={mode} signal={signal} disabled={disabled} writer={writer} />
      )}
      {writer.error !== null && (
        <p class="problem" role="alert">
          Not written: {writer.error.message}
        </p>
      )}
    </div>
  );
}
