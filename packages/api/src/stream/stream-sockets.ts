import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { type WebSocket, WebSocketServer } from "ws";
import type { Caller } from "../access/caller.ts";
import { connectionInfo } from "../http/connection-info.ts";
import { closeSocket, type Stream, StreamLine, shownError } from "./stream-line.ts";

/** A connection that asks to become a WebSocket. */
export interface Handshake {
  readonly request: IncomingMessage;
  readonly connection: Duplex;
  readonly head: Buffer;
}

/** What somebody wants to follow, and who. */
export interface StreamRequest {
  /** As it came. */
  readonly query: unknown;
  readonly caller: Caller;
}

/** Makes the streams of one path. */
export interface StreamSource {
  readonly path: string;
  /** @throws MeshError INVALID_ARGUMENT for a query that is none of its */
  open(line: StreamLine, request: StreamRequest): Stream;
}

interface Components {
  readonly sources: readonly StreamSource[];
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Options {
  /** Of all paths together. */
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  readonly heartbeatMs: number;
}

/** Larger messages from clients end the connection: there is nothing that they have to say. */
const MAX_CLIENT_MESSAGE_BYTES = 256;
/** How long clients may take to say goodbye when the peer stops. */
const GOODBYE_MS = 1_000;

/** All clients that follow something. Bounded, in all and for each address. */
export class StreamSockets {
  readonly #components: Components;
  readonly #options: Options;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #lines = new Map<StreamLine, { readonly path: string }>();
  readonly #sockets = new Set<WebSocket>();
  readonly #perAddress = new Map<string, number>();

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
  }

  /** How many follow what is at a path. */
  size(path: string): number {
    return [...this.#lines.values()].filter((line) => line.path === path).length;
  }

  /** Tells all that the peer stops, and waits a moment for their goodbyes. */
  async stop(): Promise<void> {
    const sockets = [...this.#sockets];
    const closed = sockets.map((socket) => new Promise((resolve) => void socket.once("close", resolve)));
    for (const socket of sockets) socket.close(1001, "The peer is stopping");
    const timer = this.#components.clock.setTimer(() => {
      for (const socket of sockets) socket.terminate();
    }, GOODBYE_MS);
    await Promise.all(closed);
    timer.cancel();
  }

  /** Ends the streams of all who may follow them no longer. */
  recheck(): void {
    for (const line of this.#lines.keys()) line.recheck();
  }

  /**
   * Takes over a connection whose WebSocket handshake was found to be allowed. What is wrong with the query
   * is told with a close code: a browser hides an HTTP answer to a handshake from the page.
   *
   * @param objection why the client may follow this no longer, asked now and then; undefined while he may
   */
  accept(
    handshake: Handshake,
    path: string,
    request: StreamRequest,
    objection: () => MeshError | undefined,
  ): void {
    this.#take(handshake, (socket, address) => this.#open(socket, address, { path, request, objection }));
  }

  /** Completes the handshake, only to say with a close code why there is no stream to be had. */
  refuse(handshake: Handshake, error: MeshError): void {
    this.#take(handshake, () => {
      throw error;
    });
  }

  #take({ request, connection, head }: Handshake, open: (socket: WebSocket, address: string) => void): void {
    const { clock, logger } = this.#components;
    const address = connectionInfo(request).remoteAddress;
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => void this.#sockets.delete(socket));
      socket.on("error", (error) => {
        logger.debug({ error: error.message, address }, "A stream failed");
      });
      try {
        open(socket, address);
      } catch (error) {
        closeSocket({ socket, clock }, shownError(error, logger));
      }
    });
  }

  #open(
    socket: WebSocket,
    address: string,
    stream: {
      readonly path: string;
      readonly request: StreamRequest;
      readonly objection: () => MeshError | undefined;
    },
  ): void {
    const { path, request, objection } = stream;
    const { sources, clock, logger } = this.#components;
    const source = sources.find((each) => each.path === path);
    if (source === undefined) throw new MeshError("NOT_FOUND", `There is no WebSocket at ${path}`);
    this.#expectRoom(address);
    const { heartbeatMs } = this.#options;
    const line = new StreamLine({ socket, clock, logger }, { heartbeatMs, objection });
    const opened = source.open(line, request);
    this.#lines.set(line, { path });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.once("close", () => {
      this.#lines.delete(line);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    line.start(opened);
  }

  #expectRoom(address: string): void {
    const { maxStreams, maxStreamsPerAddress } = this.#options;
    const isFull = this.#lines.size >= maxStreams;
    if (!isFull && (this.#perAddress.get(address) ?? 0) < maxStreamsPerAddress) return;
    const bound = isFull ? `${maxStreams}` : `${maxStreamsPerAddress} from ${address}`;
    throw new MeshError("RESOURCE_EXHAUSTED", `This peer serves no more than ${bound} streams at once`);
  }
}
