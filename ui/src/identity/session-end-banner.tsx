import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { formatCountdown } from "../format/countdown.ts";
import { useIdentity, usePeerNow, usePrincipal } from "./identity-context.ts";
import { type SessionEnd, sessionEndOf } from "./session-end.ts";

/** Tells that the session is about to end, and asks the peer when it has. */
export function SessionEndBanner() {
  const identity = useIdentity();
  const principal = usePrincipal();
  const now = usePeerNow();
  const end = now === null ? null : sessionEndOf(principal, now);
  const kind = end?.kind ?? null;
  const over = end !== null && end.remainingMs <= 0;
  // Whatever has been asked in the meantime has kept the session: the times known here may be old.
  const asked = useRef("");
  useEffect(() => {
    const state = `${kind} ${over}`;
    if (kind !== null && asked.current !== state) void identity.ask();
    asked.current = state;
  }, [kind, over]);
  if (end === null || over) return null;
  return (
    <section class="banner banner-info" aria-label="Session">
      <Icon name="info" />
      <p>
        <span class="visually-hidden" role="status">
          Your session ends soon.
        </span>
        <strong>Your session ends in {formatCountdown(end.remainingMs)}.</strong> {advice[end.kind]}
      </p>
    </section>
  );
}

const advice: Readonly<Record<SessionEnd["kind"], string>> = {
  unused: "It goes on when you use it.",
  absolute: "Then you have to log in again. Finish what you are entering.",
};
