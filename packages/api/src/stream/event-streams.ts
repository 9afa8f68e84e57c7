import type { Unsubscribe } from "@pi-controller/runtime";
import { eventStreamQuerySchema, type NodeId, parseInput } from "@pi-controller/schema";
import type { EventReader } from "../event-reader.ts";
import { EVENTS_PATH } from "../routes/peer-routes.ts";
import { EventSocket } from "./event-socket.ts";
import type { StreamLine } from "./stream-line.ts";
import type { StreamRequest, StreamSource } from "./stream-sockets.ts";

/** All who follow the events: one look at the log for all of them. */
export class EventStreams implements StreamSource {
  readonly path = EVENTS_PATH;
  readonly #events: EventReader;
  readonly #node: () => NodeId;
  readonly #streams = new Set<EventSocket>();
  #unsubscribe: Unsubscribe | undefined;

  /** @param options.node this peer, known only after the start */
  constructor({ events }: { readonly events: EventReader }, options: { readonly node: () => NodeId }) {
    this.#events = events;
    this.#node = options.node;
  }

  start(): void {
    this.#unsubscribe = this.#events.observe(() => {
      for (const stream of this.#streams) stream.drained();
    });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  open(line: StreamLine, { query }: StreamRequest): EventSocket {
    const stream = new EventSocket(
      { line, events: this.#events },
      {
        node: this.#node(),
        query: parseInput(eventStreamQuerySchema, query, "query"),
        onClosed: () => this.#streams.delete(stream),
      },
    );
    this.#streams.add(stream);
    return stream;
  }
}
