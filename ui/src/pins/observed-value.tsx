import type { GpioView } from "@pi-controller/schema";
import { Meter } from "../components/meter.tsx";
import { formatAgo } from "../format/duration.ts";
import { useAge } from "../session/session-context.ts";
import { type PinSignal, signalOf, signalText } from "./pin-signal.ts";

/** What is at a pin now, or that it is unknown, with what was last and how long ago. */
export function SignalValue({ signal }: { readonly signal: PinSignal }) {
  const ageMs = useAge(signal.asOf);
  const text = signalText(signal);
  if (signal.status === "current") {
    return (
      <span class={`value signal${signal.level === null ? "" : ` signal-${signal.level}`}`}>
        {text ?? "no level"}
        {signal.dutyCycle !== null && <Meter ratio={signal.dutyCycle} />}
      </span>
    );
  }
  return (
    <span class="value value-unknown">
      unknown
      {text !== null && (
        <small>
          last {text}
          {ageMs === null ? "" : `, ${formatAgo(ageMs)}`}
        </small>
      )}
    </span>
  );
}

/** The same of a list's row, which no stream keeps up to date. */
export function ObservedValue({ view }: { readonly view: GpioView }) {
  if (view.state === "waiting") return <span class="muted">nothing yet</span>;
  if (view.gpio === null) return <span class="muted">no level</span>;
  return <SignalValue signal={signalOf(view, undefined, false)} />;
}
