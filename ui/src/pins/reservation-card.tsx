import type { GpioChange, GpioView } from "@pi-controller/schema";
import { usePrincipal } from "../identity/identity-context.ts";
import { isStopped } from "../stops/standing-stops.ts";
import { useStops } from "../stops/stops-context.ts";
import { BusForm } from "./buses/bus-form.tsx";
import { DrivePanel } from "./drive-panel.tsx";
import { isHolder } from "./holder.ts";
import { LeaseControl } from "./lease-control.tsx";
import { SignalValue } from "./observed-value.tsx";
import { signalOf } from "./pin-signal.ts";
import { ReservationActions } from "./reservation-actions.tsx";
import { ReservationFacts } from "./reservation-facts.tsx";

interface Properties {
  readonly view: GpioView;
  /** Monotonic time in ms at which the view was told. */
  readonly heardAt: number;
  readonly change: GpioChange | undefined;
  readonly interrupted: boolean;
  readonly onChanged: () => void;
}

/** One reservation: what is at the pin, who has it on which terms, and what the user may do with it. */
export function ReservationCard({ view, heardAt, change, interrupted, onChanged }: Properties) {
  const principal = usePrincipal();
  const mine = isHolder(principal, view.holder);
  const signal = signalOf(view, change, interrupted);
  const observed = view.observed.value ?? view.observed.lastValue;
  const fault = observed?.fault ?? null;
  const stops = useStops().value;
  const stopStands = stops !== null && isStopped(stops, view.node);
  const isPin = view.gpio !== null;
  if (view.state === "waiting") {
    return (
      <div class="reservation">
        <p>
          <span class="badge badge-suspect">waits</span> place {view.position ?? "unknown"} in line:{" "}
          <b>{mine ? "you" : view.holder.userName}</b>
        </p>
        <ReservationFacts view={view} heardAt={heardAt} />
        <ReservationActions view={view} mine={mine} onChanged={onChanged} />
      </div>
    );
  }
  return (
    <div class="reservation">
      <p>
        <span class={`badge badge-${mine ? "alive" : "unknown"}`}>{mine ? "yours" : "held"}</span>{" "}
        {!mine && <b>{view.holder.userName}</b>} {view.name !== undefined && <b>{view.name}</b>}{" "}
        {view.purpose}
      </p>
      {isPin && (
        <p class="pin-level">
          <SignalValue signal={signal} />
        </p>
      )}
      {fault !== null && (
        <p class="warning" role="status">
          <b>The hardware does not do what it should:</b> {fault}
        </p>
      )}
      {observed?.stopped === true && (
        <p class="warning">
          {stopStands
            ? "An emergency stop holds it in its safe state until it is cleared and written again."
            : "It is in its safe state since an emergency stop, until it is written again."}
        </p>
      )}
      {mine && isPin && (
        <DrivePanel
          view={view}
          signal={signal}
          isAway={interrupted}
          isStopped={stopStands}
          onChanged={onChanged}
        />
      )}
      {mine && !isPin && <BusForm view={view} />}
      {mine && <LeaseControl view={view} />}
      <ReservationFacts view={view} heardAt={heardAt} />
      <ReservationActions view={view} mine={mine} onChanged={onChanged} />
    </div>
  );
}
