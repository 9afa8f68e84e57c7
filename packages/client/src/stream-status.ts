import type { EventStreamMessage, MeshError, NodeId } from "@pi-controller/schema";

/** Where a stream has got to. Keep it to go on from there later, with the option `after`. */
export interface StreamPosition {
  /** Names the log that `sequence` counts in: each peer has its own. */
  readonly log: string;
  readonly sequence: number;
}

/** How the link to the peer is. @typeParam Live what is known of it once the peer has answered */
export type LinkStatus<Live> =
  /** @see EventStream.retryNow */
  | { readonly state: "connecting"; readonly attempt: number }
  | Live
  /** The link is lost, `error` says why; the next attempt is made after `retryInMs`. */
  | { readonly state: "waiting"; readonly retryInMs: number; readonly error: MeshError }
  /** For good: `close` was called, or the peer said with `error` that it makes no sense to go on. */
  | { readonly state: "closed"; readonly error: MeshError | null };

export interface LiveEvents {
  readonly state: "live";
  readonly node: NodeId;
  readonly log: string;
}
/** How the link of an event stream is. */
export type StreamStatus = LinkStatus<LiveEvents>;

/** Events were missed. Who shows a full picture loads it again with `events.list`. */
export interface StreamGap {
  /**
   * `expired`: the peer no longer has what came after the last position.
   * `other-log`: another peer answers, or the peer has lost its log; the stream goes on with what is new.
   * `dropped`: this client read too slowly.
   */
  readonly reason: "expired" | "other-log" | "dropped";
  /** How many at most; null when nobody can know. */
  readonly count: number | null;
}

/** What a message means to a client that has got to `position`. */
export interface StreamStep {
  readonly position: StreamPosition | undefined;
  readonly gap?: StreamGap;
  /** True when the message carries an event that the client has not had. */
  readonly fresh: boolean;
}

/** Pure: the next position, and what to tell, from the position before and one message. */
export function stepOf(position: StreamPosition | undefined, message: EventStreamMessage): StreamStep {
  switch (message.kind) {
    case "hello":
      return stepOfHello(position, message);
    case "dropped":
      return { position, gap: { reason: "dropped", count: message.count }, fresh: false };
    case "heartbeat":
    case "event": {
      if (position === undefined || message.sequence <= position.sequence) return { position, fresh: false };
      const moved = { log: position.log, sequence: message.sequence };
      return { position: moved, fresh: message.kind === "event" };
    }
    default:
      return { position, fresh: false };
  }
}

function stepOfHello(
  position: StreamPosition | undefined,
  hello: Extract<EventStreamMessage, { kind: "hello" }>,
): StreamStep {
  const newest = { log: hello.log, sequence: hello.sequence };
  if (position === undefined) return { position: newest, fresh: false };
  if (position.log !== hello.log) {
    return { position: newest, gap: { reason: "other-log", count: null }, fresh: false };
  }
  if (!hello.gap) return { position, fresh: false };
  // Never ahead of the log: what it counts from now on is new.
  const sequence = Math.min(position.sequence, hello.sequence);
  return { position: { log: hello.log, sequence }, gap: { reason: "expired", count: null }, fresh: false };
}
