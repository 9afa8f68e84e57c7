import { formatAgo } from "../format/duration.ts";
import { formatMoment } from "../format/moment.ts";
import { useAge } from "../session/session-context.ts";

/** How long ago a moment of the peer's clock was; it counts on by itself. */
export function Ago({ timestamp }: { readonly timestamp: string | null }) {
  const ageMs = useAge(timestamp);
  if (timestamp === null) return <span class="muted">never</span>;
  return (
    <time dateTime={timestamp} title={formatMoment(timestamp)}>
      {formatAgo(ageMs)}
    </time>
  );
}
