import type { MeshEvent } from "@pi-controller/schema";
import { Icon, type IconName } from "../components/icon.tsx";
import { formatMoment, formatTime } from "../format/moment.ts";
import { nodePath } from "../route/route.ts";
import { shortId, useNameOf, useSession } from "../session/session-context.ts";
import { type FeedItem, itemId } from "./event-feed.ts";
import { describeEvent, type Severity, subjectOf } from "./event-text.ts";

const icons: Readonly<Record<Severity, IconName>> = {
  good: "alive",
  info: "info",
  warning: "suspect",
  bad: "dead",
};

interface ListProperties {
  readonly items: readonly FeedItem[];
  /** They stand on the page of the node that they are about: a link to it would lead nowhere. */
  readonly ofOneNode?: boolean;
}

/** Events and notices, newest first. */
export function EventList({ items, ofOneNode = false }: ListProperties) {
  const now = useSession().wallClock();
  const nameOf = useNameOf();
  if (items.length === 0) return <p class="muted">No event so far.</p>;
  return (
    <ol class="events" aria-label="Events, newest first">
      {items.map((item) =>
        item.kind === "event" ? (
          <EventRow key={itemId(item)} event={item.event} now={now} nameOf={nameOf} linked={!ofOneNode} />
        ) : (
          <li key={itemId(item)} class="event event-notice">
            <time>{formatTime(item.time, now)}</time>
            <p>
              <Icon name="info" /> {item.text}
            </p>
          </li>
        ),
      )}
    </ol>
  );
}

interface RowProperties {
  readonly event: MeshEvent;
  readonly now: number;
  readonly nameOf: (id: string) => string;
  readonly linked: boolean;
}

function EventRow({ event, now, nameOf, linked }: RowProperties) {
  const { severity, text } = describeEvent(event, nameOf);
  const subject = subjectOf(event, useSession().names.value) ?? shortId(event.node);
  const witness = event.source === event.node ? "" : `Seen by ${nameOf(event.source)}. `;
  return (
    <li class={`event event-${severity}`}>
      <time dateTime={event.timestamp} title={formatMoment(event.timestamp)}>
        {formatTime(Date.parse(event.timestamp), now)}
      </time>
      <p>
        <Icon name={icons[severity]} />{" "}
        {linked ? <a href={nodePath(event.node)}>{subject}</a> : <b>{subject}</b>} {text}
      </p>
      <code title={`${witness}Correlation ${event.correlationId}`}>{event.type}</code>
    </li>
  );
}
