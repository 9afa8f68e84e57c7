import { usePeerName, useSession } from "../session/session-context.ts";

/** Tells screen readers when the peer is gone or back; the banner's ticking seconds would never let them rest. */
export function Announcer() {
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
