import {
  type GpioChange,
  type GpioStreamQuery,
  gpioStreamMessageSchema,
  type NodeId,
} from "@pi-controller/schema";
import {
  messageOf,
  ReconnectingSocket,
  type SocketComponents,
  type SocketLink,
} from "./reconnecting-socket.ts";
import type { LinkStatus } from "./stream-status.ts";

export interface LiveGpio {
  readonly state: "live";
  /** Whose pins they are. */
  readonly node: NodeId;
}
export type GpioStreamStatus = LinkStatus<LiveGpio>;

/** What is called as the stream goes on. */
export interface GpioStreamHandlers {
  /**
   * Some changes, oldest first.
   *
   * @param coalesced how many older ones were left out, as reader, link or kernel was too slow; the last level of each
   *   pin is among `changes`
   */
  readonly onChanges: (changes: readonly GpioChange[], coalesced: number) => void;
  /**
   * The node with the pins does not answer (true), or does again, though the peer does. What happened in between may
   * be missing. The link to the peer itself is told of by `onStatus`.
   */
  readonly onInterruption?: (interrupted: boolean, reason: string) => void;
  /** After each `live` the levels of before may be old: what happened while there was no link is not sent later. */
  readonly onStatus?: (status: GpioStreamStatus) => void;
  /** The link is taken for dead when nothing came for so long. The peer sends something every 15 s. */
  readonly deadAfterMs?: number;
}

/** The changes at the pins of one node, as they happen. */
export interface GpioStream {
  /** Ends it; nothing is called after that but `onStatus` with `closed`. */
  close(): void;
  /** Connects at once when it waits. */
  retryNow(): void;
  readonly status: GpioStreamStatus;
}

/** Follows the changes over one WebSocket after the other, once it is opened. */
export function gpioStream(
  components: SocketComponents,
  query: GpioStreamQuery,
  options: GpioStreamHandlers & SocketLink,
): ReconnectingSocket<LiveGpio> {
  const { onChanges, onInterruption, ...link } = options;
  const socket = new ReconnectingSocket<LiveGpio>(components, {
    ...link,
    query: () => ({ ...query }),
    onMessage(data) {
      const message = messageOf(data, gpioStreamMessageSchema);
      switch (message?.kind) {
        case "hello":
          return socket.greeted({ state: "live", node: message.node });
        case "changes":
          return onChanges(message.changes, message.coalesced);
        case "interrupted":
          return onInterruption?.(message.interrupted, message.reason);
        case "heartbeat":
        case undefined:
          return undefined;
      }
    },
  });
  return socket;
}
