import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import type { Logger, Unsubscribe } from "@pi-controller/runtime";
import type { SecureContext, SecureContextSource } from "./tls-source.ts";

interface Components {
  readonly source: SecureContextSource;
  readonly logger: Logger;
}

/**
 * The server's side of TLS 1.3 (RFC 8446) on sockets that others accepted. A renewed certificate counts for
 * connections from then on; those that live keep theirs. Node's TLS is loaded with the first connection: it takes 5 MB,
 * and many a peer is asked by nobody for weeks.
 */
export class TlsHandshakes {
  readonly #components: Components;
  readonly #handshakeTimeoutMs: number;
  #isRunning = false;
  /** What there was at the start: should what there is at the first connection not do. */
  #initial: SecureContext | undefined;
  /** Never listens: it is given its connections. Undefined before the first. */
  #server: Promise<Server> | undefined;
  /** By the four numbers of a connection, since a TLS socket does not tell which one is under it. */
  readonly #onSecure = new Map<string, (socket: TLSSocket) => void>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: Components, options: { readonly handshakeTimeoutMs: number }) {
    this.#components = components;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs;
  }

  start(): void {
    this.#isRunning = true;
    this.#initial = this.#components.source.secureContext();
    this.#unsubscribe = this.#components.source.observe(() => void this.#replace());
  }

  stop(): void {
    this.#isRunning = false;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#server = undefined;
  }

  /**
   * Takes a socket whose first bytes are still to be read.
   *
   * @param onSecure called when the handshake has ended well; otherwise the socket is closed
   */
  accept(socket: Socket, onSecure: (secured: TLSSocket) => void): void {
    if (!this.#isRunning) {
      socket.destroy();
      return;
    }
    this.#server ??= this.#first();
    this.#server.then(
      (server) => this.#handOver(server, socket, onSecure),
      (error: unknown) => {
        // Key and certificate are no pair, for instance: the next connection tries what is there then.
        this.#server = undefined;
        this.#components.logger.error({ err: error }, "The certificate cannot be served");
        socket.destroy();
      },
    );
  }

  #handOver(server: Server, socket: Socket, onSecure: (secured: TLSSocket) => void): void {
    if (socket.destroyed || !this.#isRunning) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#onSecure.set(name, onSecure);
    socket.once("close", () => void this.#onSecure.delete(name));
    // Documented by Node: a connection may be given to a server by this event.
    server.emit("connection", socket);
  }

  async #first(): Promise<Server> {
    const { logger, source } = this.#components;
    try {
      return await this.#create(source.secureContext());
    } catch (error) {
      if (this.#initial === undefined) throw error;
      logger.error({ err: error }, "A renewed certificate cannot be served; the one before it still is");
      return this.#create(this.#initial);
    }
  }

  /** Never rejects. */
  async #replace(): Promise<void> {
    if (this.#server === undefined) return;
    const { logger, source } = this.#components;
    try {
      const server = await this.#create(source.secureContext());
      if (!this.#isRunning) return;
      this.#server = Promise.resolve(server);
      logger.info({}, "Serving the renewed certificate");
    } catch (error) {
      logger.error({ err: error }, "A renewed certificate cannot be served; the one before it still is");
    }
  }

  /** A new server and not `setSecureContext` on the old one: whether to ask for certificates cannot be changed there. */
  async #create({ key, cert, ca }: SecureContext): Promise<Server> {
    const { createServer } = await import("node:tls");
    const server = createServer({
      key,
      cert,
      ...(ca === undefined ? {} : { ca }),
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: this.#handshakeTimeoutMs,
      // With `ca`, browsers offer certificates issued under the mesh's root alone, and bother nobody without one.
      requestCert: ca !== undefined,
      // Who the client is gets judged for each request, by the fingerprint.
      rejectUnauthorized: false,
    });
    server.on("secureConnection", (socket) => {
      const name = nameOf(socket);
      const onSecure = this.#onSecure.get(name);
      this.#onSecure.delete(name);
      if (onSecure === undefined) socket.destroy();
      else onSecure(socket);
    });
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      this.#components.logger.debug({ code: error.code, error: error.message }, "A TLS handshake failed");
      socket.destroy();
    });
    return server;
  }
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
