import { formatFromNow } from "../../format/countdown.ts";
import { formatMoment } from "../../format/moment.ts";
import { usePeerNow } from "../../identity/identity-context.ts";
import { type Expiry, expiryOf } from "./expiry.ts";

interface Properties {
  readonly notBefore: string;
  readonly notAfter: string;
  readonly renewsAt: string | null;
}

const notes: Readonly<Record<Expiry["state"], string>> = {
  "not-yet": "not valid yet: is the node’s clock right?",
  good: "",
  soon: "has to be made anew before",
  late: "should have been renewed by now",
  expired: "",
};

/** When a certificate expires, in words and as a bar with a mark where it is renewed. */
export function ExpiryBar(life: Properties) {
  const now = usePeerNow();
  if (now === null) return <span>{formatMoment(life.notAfter)}</span>;
  const { used, renewal, state } = expiryOf(life, now);
  return (
    <span class={`expiry expiry-${state}`}>
      <time dateTime={life.notAfter} title={formatMoment(life.notAfter)}>
        {state === "expired" ? "expired " : ""}
        {formatFromNow(life.notAfter, now)}
      </time>
      <span class="expiry-bar" aria-hidden="true">
        <span class="expiry-used" style={{ width: `${used * 100}%` }} />
        {renewal !== null && <span class="expiry-renewal" style={{ left: `${renewal * 100}%` }} />}
      </span>
      {life.renewsAt !== null && state === "good" && (
        <small>renewed by itself {formatFromNow(life.renewsAt, now)}</small>
      )}
      {notes[state] !== "" && <small class="problem">{notes[state]}</small>}
    </span>
  );
}
