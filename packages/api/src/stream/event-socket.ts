import type { EventStreamMessage, EventStreamQuery, NodeId } from "@pi-controller/schema";
import { type EventFilter, eventFilter } from "@pi-controller/telemetry";
import type { EventReader } from "../event-reader.ts";
import { lastGone, startOf } from "./resume.ts";
import type { Stream, StreamLine } from "./stream-line.ts";

interface Components {
  readonly line: StreamLine;
  readonly events: EventReader;
}

interface Options {
  readonly node: NodeId;
  readonly query: EventStreamQuery;
  readonly onClosed: () => void;
}

/** Events in one go. A batch is the most that waits in memory for a client: the log keeps the rest. */
const BATCH = 64;

/**
 * Sends one client what happens. It reads the log at the client's own pace, so that a slow client costs no
 * memory; when the log has moved on beyond it, the client is told how many it missed.
 */
export class EventSocket implements Stream {
  readonly #components: Components;
  readonly #options: Options;
  readonly #filter: EventFilter;
  #cursor = 0;
  #reading = false;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#filter = eventFilter(options.query);
  }

  start(): void {
    const { events } = this.#components;
    const { node, query } = this.#options;
    const { cursor, gap } = startOf(query, events);
    this.#cursor = cursor;
    this.#send({ kind: "hello", node, log: events.logId, sequence: events.latestSequence, gap });
    this.drained();
  }

  /** There may be something new in the log, or room for it on the line. */
  drained(): void {
    const { line } = this.#components;
    // Reading the log may make it write what waits, and tell of that, before it answers.
    if (this.#reading || line.unsent > 0 || !line.isOpen) return;
    this.#reading = true;
    try {
      this.#sendBatch();
    } catch (error) {
      line.fail(error);
    } finally {
      this.#reading = false;
    }
  }

  heartbeat(): EventStreamMessage {
    return { kind: "heartbeat", sequence: this.#cursor };
  }

  closed(): void {
    this.#options.onClosed();
  }

  #sendBatch(): void {
    const { events } = this.#components;
    const lost = lastGone(events) - this.#cursor;
    if (lost > 0) {
      this.#cursor += lost;
      this.#send({ kind: "dropped", count: lost });
    }
    const latest = events.latestSequence;
    if (this.#cursor >= latest) return;
    const batch = events.after(this.#cursor, this.#filter, BATCH);
    for (const { sequence, event } of batch) this.#send({ kind: "event", sequence, event });
    // Not until the log has nothing more: a batch may be short because an entry could not be read.
    this.#cursor = batch.at(-1)?.sequence ?? latest;
  }

  #send(message: EventStreamMessage): void {
    this.#components.line.send(message);
  }
}
