import { formatFromNow } from "../format/countdown.ts";
import { formatMoment } from "../format/moment.ts";
import { usePeerNow } from "../identity/identity-context.ts";

/** A moment to come or gone, seen from now by the clock by which the peer judges expiry. */
export function FromNow({ timestamp }: { readonly timestamp: string }) {
  const now = usePeerNow();
  return (
    <time dateTime={timestamp} title={formatMoment(timestamp)}>
      {now === null ? formatMoment(timestamp) : formatFromNow(timestamp, now)}
    </time>
  );
}
