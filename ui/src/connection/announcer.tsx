import { useRef } from "preact/hooks";
import { usePeerName, useSession } from "../session/session-context.ts";
import { standingStops, stopAnnouncement } from "../stops/standing-stops.ts";
import { useStops } from "../stops/stops-context.ts";

/** Tells screen readers of what the banners say; their ticking seconds would never let them rest. */
export function Announcer() {
  return (
    <>
      <PeerAnnouncer />
      <StopAnnouncer />
    </>
  );
}

function StopAnnouncer() {
  const list = useStops().value;
  const stood = useRef(false);
  const text = list === null ? "" : stopAnnouncement(standingStops(list));
  if (text !== "") stood.current = true;
  return (
    <p class="visually-hidden" role="alert" aria-live="assertive">
      {text !== "" ? text : stood.current ? "No emergency stop stands any more." : ""}
    </p>
  );
}

function PeerAnnouncer() {
  const { connection } = useSession();
  const name = usePeerName();
  const { phase, reconnects } = connection.value;
  const text =
    phase === "lost"
      ? `${name} does not answer. What is shown may be out of date.`
      : reconnects > 0
        ? `${name} answers again.`
        : "";
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
