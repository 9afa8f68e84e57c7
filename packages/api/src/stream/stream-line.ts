import type { Clock, Logger, Timer } from "@pi-controller/runtime";
import { MeshError, statusOfCode } from "@pi-controller/schema";
import type { WebSocket } from "ws";

interface Components {
  readonly socket: WebSocket;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Options {
  readonly heartbeatMs: number;
  /** Why the client may follow this no longer; undefined while he may. */
  readonly objection: () => MeshError | undefined;
}

/** What is sent over a line. */
export interface Stream {
  /** The line is open. @throws MeshError when there is no such stream to be had */
  start(): void;
  /** Something that was sent has left this process: there may be room for more. */
  drained(): void;
  /** What to say when there was nothing else to say for a while. */
  heartbeat(): object;
  /** The line is gone. */
  closed(): void;
}

/** A client that sends so many messages is not one of ours; the protocol has none from client to server. */
const MAX_CLIENT_MESSAGES = 8;
/** How long a client may take to answer a close. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A client that took nothing and answered no ping for so many heartbeats is gone. */
const SILENT_HEARTBEATS = 2;

/** One client's WebSocket: sends what a stream has, finds out when nobody is there any more, and ends with a reason. */
export class StreamLine {
  readonly #components: Components;
  readonly #options: Options;
  #stream: Stream | undefined;
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
  }

  /** @throws MeshError as the stream */
  start(stream: Stream): void {
    const { socket } = this.#components;
    this.#stream = stream;
    socket.on("message", () => this.#receive());
    socket.on("pong", () => this.#heard());
    socket.on("close", () => {
      this.#timer?.cancel();
      stream.closed();
    });
    this.#scheduleHeartbeat();
    stream.start();
  }

  get isOpen(): boolean {
    const { socket } = this.#components;
    return socket.readyState === socket.OPEN;
  }

  /** Messages that are still to leave this process. */
  get unsent(): number {
    return this.#unsent;
  }

  /** How much of them there is. */
  get unsentBytes(): number {
    return this.#components.socket.bufferedAmount;
  }

  send(message: object): void {
    this.#spoke = true;
    this.#unsent += 1;
    this.#components.socket.send(JSON.stringify(message), (error) => {
      // A socket that cannot be written closes by itself, and says so with its own event.
      if (error !== undefined && error !== null) return;
      if (this.#wasBlocked) this.#heard();
      this.#unsent -= 1;
      this.#stream?.drained();
    });
  }

  /** Ends the stream when its client may follow it no longer. */
  recheck(): void {
    const objection = this.#options.objection();
    if (objection !== undefined) this.close(objection);
  }

  /** Ends it for what came up that the client may not have caused. */
  fail(error: unknown): void {
    this.close(shownError(error, this.#components.logger));
  }

  close(error: MeshError): void {
    closeSocket(this.#components, error);
  }

  #scheduleHeartbeat(): void {
    this.#timer = this.#components.clock.setTimer(() => this.#heartbeat(), this.#options.heartbeatMs);
  }

  #heartbeat(): void {
    const { socket } = this.#components;
    if (this.isOpen) this.recheck();
    if (this.#silentHeartbeats >= SILENT_HEARTBEATS) {
      socket.terminate();
      return;
    }
    this.#silentHeartbeats += 1;
    // Small messages to somebody who is gone are taken by the kernel; only to come unstuck is a sign of life.
    this.#wasBlocked = this.#unsent > 0;
    if (this.isOpen) {
      socket.ping();
      if (!this.#spoke && this.#unsent === 0 && this.#stream !== undefined) {
        this.send(this.#stream.heartbeat());
      }
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

/** An error as a client may see it; what was not meant for him is logged. */
export function shownError(error: unknown, logger: Logger): MeshError {
  if (error instanceof MeshError) return error;
  logger.error({ err: error }, "A stream failed");
  return new MeshError("INTERNAL", "The peer failed to do this; its log says why");
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
