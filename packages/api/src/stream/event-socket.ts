import type { Clock, Timer } from "@pi-controller/runtime";
import {
  type EventStreamMessage,
  type EventStreamQuery,
  type MeshError,
  type NodeId,
  statusOfCode,
} from "@pi-controller/schema";
import { type EventFilter, eventFilter } from "@pi-controller/telemetry";
import type { WebSocket } from "ws";
import type { EventReader } from "../event-reader.ts";
import { lastGone, startOf } from "./resume.ts";

interface Components {
  readonly socket: WebSocket;
  readonly events: EventReader;
  readonly clock: Clock;
}

interface Options {
  readonly node: NodeId;
  readonly query: EventStreamQuery;
  readonly heartbeatMs: number;
  /** Why the client may follow the events no longer; undefined while he may. */
  readonly objection: () => MeshError | undefined;
  /** What came up that the client did not cause. */
  readonly onError: (error: unknown) => MeshError;
}

/** Events in one go. A batch is the most that waits in memory for a client: the log keeps the rest. */
const BATCH = 64;
/** A client that sends so many messages is not one of ours; the protocol has none from client to server. */
const MAX_CLIENT_MESSAGES = 8;
/** How long a client may take to answer a close. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A client that took nothing and answered no ping for so many heartbeats is gone. */
const SILENT_HEARTBEATS = 2;

/**
 * Sends one client what happens. It reads the log at the client's own pace, so that a slow client costs no
 * memory; when the log has moved on beyond it, the client is told how many it missed.
 */
export class EventSocket {
  readonly #components: Components;
  readonly #options: Options;
  readonly #filter: EventFilter;
  #cursor = 0;
  #reading = false;
  /** Messages that the socket has not written yet. */
  #unsent = 0;
  #spoke = false;
  #wasBlocked = false;
  #silentHeartbeats = 0;
  #clientMessages = 0;
  #timer: Timer | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#filter = eventFilter(options.query);
  }

  start(): void {
    const { socket, events } = this.#components;
    const { node, query } = this.#options;
    socket.on("message", () => this.#receive());
    socket.on("pong", () => this.#heard());
    socket.on("close", () => this.#timer?.cancel());
    const { cursor, gap } = startOf(query, events);
    this.#cursor = cursor;
    this.#scheduleHeartbeat();
    this.#send({ kind: "hello", node, log: events.logId, sequence: events.latestSequence, gap });
    this.notify();
  }

  /** There may be something new in the log. */
  notify(): void {
    // Reading the log may make it write what waits, and tell of that, before it answers.
    if (this.#reading || this.#unsent > 0) return;
    if (this.#components.socket.readyState !== this.#components.socket.OPEN) return;
    this.#reading = true;
    try {
      this.#sendBatch();
    } catch (error) {
      this.close(this.#options.onError(error));
    } finally {
      this.#reading = false;
    }
  }

  /** Ends the stream when its client may follow the events no longer. */
  recheck(): void {
    const objection = this.#options.objection();
    if (objection !== undefined) this.close(objection);
  }

  close(error: MeshError): void {
    closeSocket(this.#components, error);
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
    this.#spoke = true;
    this.#unsent += 1;
    this.#components.socket.send(JSON.stringify(message), (error) => {
      // A socket that cannot be written closes by itself, and says so with its own event.
      if (error !== undefined && error !== null) return;
      if (this.#wasBlocked) this.#heard();
      this.#unsent -= 1;
      this.notify();
    });
  }

  #scheduleHeartbeat(): void {
    this.#timer = this.#components.clock.setTimer(() => this.#heartbeat(), this.#options.heartbeatMs);
  }

  #heartbeat(): void {
    const { socket } = this.#components;
    if (socket.readyState === socket.OPEN) this.recheck();
    if (this.#silentHeartbeats >= SILENT_HEARTBEATS) {
      socket.terminate();
      return;
    }
    this.#silentHeartbeats += 1;
    // Small messages to somebody who is gone are taken by the kernel; only to come unstuck is a sign of life.
    this.#wasBlocked = this.#unsent > 0;
    if (socket.readyState === socket.OPEN) {
      socket.ping();
      if (!this.#spoke && this.#unsent === 0) this.#send({ kind: "heartbeat", sequence: this.#cursor });
      this.#spoke = false;
    }
    this.#scheduleHeartbeat();
  }

  #heard(): void {
    this.#wasBlocked = false;
    this.#silentHeartbeats = 0;
  }

  #receive(): void {
    this.#clientMessages += 1;
    if (this.#clientMessages === MAX_CLIENT_MESSAGES) {
      this.#components.socket.close(1008, "This stream takes no messages");
    }
  }
}

/** Closes with the code that stands for the error, and cuts the line when the client does not answer. */
export function closeSocket(
  { socket, clock }: { readonly socket: WebSocket; readonly clock: Clock },
  error: MeshError,
): void {
  socket.close(statusOfCode[error.code].webSocket, closeReason(error.message));
  const timer = clock.setTimer(() => socket.terminate(), CLOSE_TIMEOUT_MS);
  socket.once("close", () => timer.cancel());
}

/** A close reason holds 123 bytes (RFC 6455 section 5.5). */
function closeReason(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= 123) return message;
  // Cut between characters: half a one would be no UTF-8.
  return `${bytes
    .subarray(0, 116)
    .toString()
    .replace(/\uFFFD$/, "")}...`;
}
