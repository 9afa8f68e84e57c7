import type { GpioView, HeaderPin } from "@pi-controller/schema";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { usePrincipal } from "../identity/identity-context.ts";
import { useSession } from "../session/session-context.ts";
import { isHolder } from "./holder.ts";
import type { PinsContext } from "./node-pins-view.tsx";
import { PinFacts } from "./pin-facts.tsx";
import { ReservationCard } from "./reservation-card.tsx";
import { ReserveDialog } from "./reserve/reserve-dialog.tsx";
import { kindOf, pinResource } from "./resource.ts";

/** What is chosen: what it can, who holds it or waits for it, and what one may do with it. */
export function ResourceDetails({ context }: { readonly context: PinsContext }) {
  const { node, views, chosen } = context;
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the details are below the header.
    if (chosen !== null) section.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  if (chosen === null) {
    return (
      <section class="panel pin-details" aria-label="Details">
        <h2>Nothing chosen</h2>
        <p class="muted">
          Choose a pin, or a device on a bus below, to see what it can, who holds it, and to use it.
        </p>
      </section>
    );
  }
  const pin = node.header.find(({ gpio }) => gpio !== null && pinResource(gpio) === chosen) ?? null;
  const about = views.filter(({ resource }) => resource === chosen);
  return (
    <section class="panel pin-details" aria-label={`Details of ${chosen}`} ref={section}>
      <h2>{pin === null ? chosen : `${chosen}, pin ${pin.position}`}</h2>
      {pin !== null && <PinFacts pin={pin} node={node} />}
      <Reservations context={context} pin={pin} resource={chosen} about={about} />
    </section>
  );
}

interface Properties {
  readonly context: PinsContext;
  readonly pin: HeaderPin | null;
  readonly resource: string;
  readonly about: readonly GpioView[];
}

function Reservations({ context, pin, resource, about }: Properties) {
  const { node, pins } = context;
  const { lost } = useSession();
  const principal = usePrincipal();
  const mayReserve = usePinRights()("create");
  const [reserving, setReserving] = useState(false);
  const holder = about.find(({ state }) => state === "granted");
  const waiting = about
    .filter(({ state }) => state === "waiting")
    .toSorted((one, other) => (one.position ?? 0) - (other.position ?? 0));
  // Who holds it, or stands in line already, has no more to ask for.
  const isMine = about.some((view) => isHolder(principal, view.holder));
  // Buses may be there where GPIO is not.
  const canServe = node.problem === null || kindOf(resource) !== "pin";
  const refusal = pin === null ? null : refusalOf(pin);
  const isTaken = holder !== undefined || (pin !== null && pin.reservation !== null);
  return (
    <>
      {[...(holder === undefined ? [] : [holder]), ...waiting].map((view) => (
        <ReservationCard
          key={view.id}
          view={view}
          heardAt={pins.views.value?.heardAt ?? 0}
          change={view.gpio === null ? undefined : pins.live.last.get(view.gpio)}
          interrupted={pins.interrupted}
          onChanged={pins.reload}
        />
      ))}
      {holder === undefined && isTaken && <p class="muted">It is held, and you may not see by whom.</p>}
      {!isTaken && refusal === null && waiting.length === 0 && pins.views.value !== null && (
        <p>Nobody holds it.</p>
      )}
      {refusal !== null && <p class="notice">{refusal}</p>}
      {mayReserve && refusal === null && !isMine && canServe && (
        <button
          type="button"
          class={isTaken ? "" : "primary"}
          disabled={lost.value || node.status === "unknown"}
          onClick={() => setReserving(true)}
        >
          {isTaken ? "Wait in line for it" : `Reserve ${resource}`}
        </button>
      )}
      {reserving && (
        <ReserveDialog
          node={node}
          resource={resource}
          pwm={node.pwm.filter(({ gpio }) => gpio === pin?.gpio)}
          isTaken={isTaken}
          onReserved={pins.reload}
          onClose={() => setReserving(false)}
        />
      )}
    </>
  );
}

/** Why a pin cannot be reserved as a pin; null when it can. */
function refusalOf(pin: HeaderPin): string | null {
  if (pin.reservedFor !== null) return `It cannot be reserved: it is for ${pin.reservedFor}.`;
  if (pin.bus === null || kindOf(pin.bus) === "pin") return null;
  return `It belongs to ${pin.bus}, which is on: reserve a device on that bus instead, or turn the bus off in the board’s config.txt.`;
}
