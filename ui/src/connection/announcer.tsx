import { useSession } from "../session/session-context.ts";

/** Tells screen readers when the peer is gone or back; the banner's ticking seconds would never let them rest. */
export function Announcer() {
  const { connection, mesh } = useSession();
  const name = mesh.value?.value.name ?? "The peer";
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
