import { useState } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { formatDuration } from "../format/duration.ts";
import { query, replaceQuery } from "../route/location.ts";
import { shortId, useSession } from "../session/session-context.ts";
import type { FeedItem } from "./event-feed.ts";
import { eventTypeChoices } from "./event-filter.ts";
import { EventList } from "./event-list.tsx";
import { useEventLog } from "./use-event-log.ts";

const PAGE_SIZE = 100;

/** What the list showed when it was paused. */
interface Paused {
  readonly items: readonly FeedItem[];
  readonly arrived: number;
}

/** The live stream of events, with the older ones below. */
export function EventsPage() {
  const { feed } = useSession();
  const filter = {
    type: query.value.get("type") ?? "",
    node: query.value.get("node") ?? "",
    correlation: query.value.get("correlation") ?? "",
  };
  const log = useEventLog(filter, PAGE_SIZE);
  const [paused, setPaused] = useState<Paused | null>(null);
  const waiting = paused === null ? 0 : feed.value.arrived - paused.arrived;
  const change = (changes: Record<string, string>) => {
    // What was frozen does not match any more.
    setPaused(null);
    replaceQuery(changes);
  };
  return (
    <>
      <div class="title">
        <h1>Events</h1>
        <StreamState paused={paused !== null} />
        <button
          type="button"
          aria-pressed={paused !== null}
          onClick={() =>
            setPaused(paused === null ? { items: log.items, arrived: feed.value.arrived } : null)
          }
        >
          <Icon name={paused === null ? "pause" : "play"} />
          {paused === null ? "Pause" : waiting > 0 ? `Resume (${waiting} new)` : "Resume"}
        </button>
      </div>
      <div class="toolbar">
        <TypeFilter value={filter.type} onChange={(type) => change({ type })} />
        <NodeFilter value={filter.node} onChange={(node) => change({ node })} />
        {filter.correlation !== "" && (
          <span class="filter-chip">
            Of request <code>{filter.correlation}</code>
            <button type="button" class="quiet" onClick={() => change({ correlation: "" })}>
              Show all
            </button>
          </span>
        )}
      </div>
      <section class="panel" aria-label="Event list">
        {log.problem !== null && <p class="problem">The log cannot be read: {log.problem}</p>}
        {log.loading ? (
          <p class="muted">Reading the log …</p>
        ) : (
          <EventList items={paused?.items ?? log.items} />
        )}
        {log.more && paused === null && (
          <button type="button" class="quiet" onClick={log.loadMore}>
            Older events
          </button>
        )}
      </section>
    </>
  );
}

function StreamState({ paused }: { readonly paused: boolean }) {
  const { stream, connection, now } = useSession();
  const status = stream.value;
  if (paused) return <span class="badge badge-suspect">paused</span>;
  if (status.state === "live") return <span class="badge badge-alive">live</span>;
  if (status.state === "closed") {
    return <span class="badge badge-dead">stopped: {status.error?.message ?? "closed"}</span>;
  }
  const { lastAnswerAt, phase } = connection.value;
  const since =
    phase === "lost" && lastAnswerAt !== null ? ` for ${formatDuration(now.value - lastAnswerAt)}` : "";
  return <span class="badge badge-unknown">not live{since}; connecting</span>;
}

interface FilterProperties {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function TypeFilter({ value, onChange }: FilterProperties) {
  const choices = eventTypeChoices();
  return (
    <label>
      Type{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {(value === "" || choices.includes(value) ? choices : [value, ...choices]).map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}

function NodeFilter({ value, onChange }: FilterProperties) {
  const nodes = useSession().nodes.value?.value ?? [];
  const sorted = [...nodes].sort((left, right) => (left.name < right.name ? -1 : 1));
  const known = value === "" || nodes.some(({ id }) => id === value);
  return (
    <label>
      Node{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {!known && <option value={value}>{shortId(value)}</option>}
        {sorted.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
