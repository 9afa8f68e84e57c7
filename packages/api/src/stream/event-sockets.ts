import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Unsubscribe } from "@pi-controller/runtime";
import {
  type EventStreamQuery,
  eventStreamQuerySchema,
  MeshError,
  type NodeId,
  parseInput,
} from "@pi-controller/schema";
import { type WebSocket, WebSocketServer } from "ws";
import type { EventReader } from "../event-reader.ts";
import { connectionInfo } from "../http/connection-info.ts";
import { closeSocket, EventSocket } from "./event-socket.ts";

interface Components {
  readonly events: EventReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Options {
  /** This peer; asked for once, as it is known only after the start. */
  readonly node: () => NodeId;
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  readonly heartbeatMs: number;
}

/** A connection that asks to become a WebSocket. */
export interface Handshake {
  readonly request: IncomingMessage;
  readonly connection: Duplex;
  readonly head: Buffer;
}

/** Larger messages from clients end the connection: there is nothing that they have to say. */
const MAX_CLIENT_MESSAGE_BYTES = 256;
/** How long clients may take to say goodbye when the peer stops. */
const GOODBYE_MS = 1_000;

/** All clients that follow the events. Bounded, in all and for each address. */
export class EventSockets {
  readonly #components: Components;
  readonly #options: Options;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #streams = new Set<EventSocket>();
  readonly #sockets = new Set<WebSocket>();
  readonly #perAddress = new Map<string, number>();
  #unsubscribe: Unsubscribe | undefined;
  #node: NodeId | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  start(): void {
    this.#unsubscribe = this.#components.events.observe(() => {
      for (const stream of this.#streams) stream.notify();
    });
  }

  /** Tells all that the peer stops, and waits a moment for their goodbyes. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    const sockets = [...this.#sockets];
    const closed = sockets.map((socket) => new Promise((resolve) => void socket.once("close", resolve)));
    for (const socket of sockets) socket.close(1001, "The peer is stopping");
    const timer = this.#components.clock.setTimer(() => {
      for (const socket of sockets) socket.terminate();
    }, GOODBYE_MS);
    await Promise.all(closed);
    timer.cancel();
  }

  /** Ends the streams of all who may follow the events no longer. */
  recheck(): void {
    for (const stream of this.#streams) stream.recheck();
  }

  /**
   * Takes over a connection whose WebSocket handshake was found to be allowed. What is wrong with the query
   * is told with a close code: a browser hides an HTTP answer to a handshake from the page.
   *
   * @param objection why the client may follow the events no longer, asked now and then; undefined while he may
   */
  accept(handshake: Handshake, query: unknown, objection: () => MeshError | undefined): void {
    this.#take(handshake, (socket, address) => {
      this.#open(socket, address, parseInput(eventStreamQuerySchema, query, "query"), objection);
    });
  }

  /** Completes the handshake, only to say with a close code why there is no stream to be had. */
  refuse(handshake: Handshake, error: MeshError): void {
    this.#take(handshake, () => {
      throw error;
    });
  }

  #take({ request, connection, head }: Handshake, open: (socket: WebSocket, address: string) => void): void {
    const address = connectionInfo(request).remoteAddress;
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => void this.#sockets.delete(socket));
      socket.on("error", (error) => {
        this.#components.logger.debug({ error: error.message, address }, "An event stream failed");
      });
      try {
        open(socket, address);
      } catch (error) {
        closeSocket({ socket, clock: this.#components.clock }, this.#shown(error));
      }
    });
  }

  #open(
    socket: WebSocket,
    address: string,
    query: EventStreamQuery,
    objection: () => MeshError | undefined,
  ): void {
    const { maxStreams, maxStreamsPerAddress, node, heartbeatMs } = this.#options;
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (this.#streams.size >= maxStreams || ofAddress >= maxStreamsPerAddress) {
      const bound =
        this.#streams.size >= maxStreams ? `${maxStreams}` : `${maxStreamsPerAddress} from ${address}`;
      throw new MeshError(
        "RESOURCE_EXHAUSTED",
        `This peer serves no more than ${bound} event streams at once`,
      );
    }
    const { events, clock } = this.#components;
    this.#node ??= node();
    const stream = new EventSocket(
      { socket, events, clock },
      { node: this.#node, query, heartbeatMs, objection, onError: (error) => this.#shown(error) },
    );
    this.#streams.add(stream);
    this.#perAddress.set(address, ofAddress + 1);
    socket.once("close", () => {
      this.#streams.delete(stream);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    stream.start();
  }

  #shown(error: unknown): MeshError {
    if (error instanceof MeshError) return error;
    this.#components.logger.error({ err: error }, "An event stream failed");
    return new MeshError("INTERNAL", "The peer failed to do this; its log says why");
  }
}
