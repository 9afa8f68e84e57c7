import { eventStreamMessageSchema, type MeshEvent, type NodeId } from "@pi-controller/schema";
import {
  messageOf,
  ReconnectingSocket,
  type SocketComponents,
  type SocketLink,
} from "./reconnecting-socket.ts";
import {
  type LiveEvents,
  type StreamGap,
  type StreamPosition,
  type StreamStatus,
  stepOf,
} from "./stream-status.ts";

/** Which events to send. All that is given must match. */
export interface EventFilter {
  /** Event types, separated by commas; `cluster.node.*` stands for all that start so. */
  readonly type?: string;
  /** The node that they are about. */
  readonly node?: NodeId;
  readonly correlationId?: string;
}

export interface EventStreamOptions {
  readonly filter?: EventFilter;
  /** Where to go on; without it, the stream starts with what happens from now on. */
  readonly after?: StreamPosition;
  /** Each event once, in the order in which this peer came to know of them. */
  readonly onEvent: (event: MeshEvent, position: StreamPosition) => void;
  readonly onStatus?: (status: StreamStatus) => void;
  readonly onGap?: (gap: StreamGap) => void;
  /** The link is taken for dead when nothing came for so long. The peer sends something every 15 s. */
  readonly deadAfterMs?: number;
}

/** A running stream of events. */
export interface EventStream {
  /** Ends it; nothing is called after that but `onStatus` with `closed`. */
  close(): void;
  /** Connects at once when it waits: say, as the browser is online again. */
  retryNow(): void;
  readonly status: StreamStatus;
  /** Undefined until the first peer has answered. */
  readonly position: StreamPosition | undefined;
}

/** Follows the events over one WebSocket after the other, each from where the one before had got to. */
export class ReconnectingEventStream implements EventStream {
  readonly #options: EventStreamOptions;
  readonly #socket: ReconnectingSocket<LiveEvents>;
  #position: StreamPosition | undefined;

  constructor(components: SocketComponents, options: EventStreamOptions & SocketLink) {
    this.#options = options;
    this.#position = options.after;
    const { timing, url, authorization, deadAfterMs, onStatus } = options;
    this.#socket = new ReconnectingSocket(components, {
      timing,
      url,
      authorization,
      deadAfterMs,
      onStatus,
      query: () => ({ ...options.filter, after: this.#position?.sequence, log: this.#position?.log }),
      onMessage: (data) => this.#receive(data),
    });
  }

  get status(): StreamStatus {
    return this.#socket.status;
  }

  get position(): StreamPosition | undefined {
    return this.#position;
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  #receive(data: unknown): void {
    const message = messageOf(data, eventStreamMessageSchema);
    if (message === undefined) return;
    const { position, gap, fresh } = stepOf(this.#position, message);
    this.#position = position;
    if (message.kind === "hello") {
      this.#socket.greeted({ state: "live", node: message.node, log: message.log });
    }
    if (gap !== undefined && this.status.state !== "closed") this.#options.onGap?.(gap);
    if (fresh && message.kind === "event" && position !== undefined) {
      this.#options.onEvent(message.event, position);
    }
  }
}
