import type { GpioView } from "@pi-controller/schema";
import { Ago } from "../components/ago.tsx";
import { Facts } from "../components/facts.tsx";
import { FromNow } from "../components/from-now.tsx";
import { useSecond } from "../time/use-second.ts";
import { remainingMs, remainingText } from "./remaining.ts";
import { endTexts, formatTerm, modeText, termText, valueText } from "./terms-text.ts";

/** On which terms somebody has a reservation or waits for one. */
export function ReservationFacts({ view, heardAt }: { readonly view: GpioView; readonly heardAt: number }) {
  const now = useSecond();
  const { mode, onExpire, watchdogMs, pending } = view;
  const isDriven = mode.kind === "output" || mode.kind === "pwm";
  return (
    <Facts
      facts={[
        ["Mode", modeText(mode)],
        ["Namespace", view.namespace],
        view.state === "granted"
          ? ["Stands", remainingText(view, remainingMs(view, heardAt, now))]
          : ["Asks for", termText(view)],
        view.waitsUntil === null ? null : ["Gives up", <FromNow key="waits" timestamp={view.waitsUntil} />],
        view.grantedAt === null ? null : ["Granted", <Ago key="granted" timestamp={view.grantedAt} />],
        isDriven ? ["At its end", `the pin ${endTexts[onExpire]}`] : null,
        watchdogMs === null
          ? null
          : ["Watchdog", `ends when nothing is written for ${formatTerm(watchdogMs)}`],
        view.powerMilliwatts === 0 ? null : ["Declared power", `${view.powerMilliwatts} mW`],
        view.priority === 0 && !view.preemptible
          ? null
          : ["Priority", `${view.priority}${view.preemptible ? ", a higher one may take it" : ""}`],
        isDriven ? ["Last value", view.keep ? "kept over a restart" : "not kept over a restart"] : null,
        pending === null
          ? null
          : [
              "Not yet applied",
              <span key="pending">
                {valueText(pending.value)}, written <Ago timestamp={pending.writtenAt} />; given up{" "}
                <FromNow timestamp={pending.applyBefore} />
              </span>,
            ],
        view.token === null ? null : ["Token", <code key="token">{view.token}</code>],
        ["Id", <code key="id">{view.id}</code>],
      ]}
    />
  );
}
