import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Logger, Unsubscribe } from "@pi-controller/runtime";
import type { SecureContext, SecureContextSource } from "./tls-source.ts";

interface Components {
  readonly source: SecureContextSource;
  readonly logger: Logger;
}

/**
 * The server's side of TLS 1.3 (RFC 8446) on sockets that others accepted. A renewed certificate counts for
 * connections from then on; those that live keep theirs.
 */
export class TlsHandshakes {
  readonly #components: Components;
  readonly #handshakeTimeoutMs: number;
  /** Never listens: it is given its connections. */
  #server: Server | undefined;
  /** By the four numbers of a connection, since a TLS socket does not tell which one is under it. */
  readonly #onSecure = new Map<string, (socket: TLSSocket) => void>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: Components, options: { readonly handshakeTimeoutMs: number }) {
    this.#components = components;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs;
  }

  /** @throws Error of OpenSSL when key and certificate are no pair */
  start(): void {
    const { source } = this.#components;
    this.#server = this.#create(source.secureContext());
    this.#unsubscribe = source.observe(() => this.#replace());
  }

  stop(): void {
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
    if (this.#server === undefined) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#onSecure.set(name, onSecure);
    socket.once("close", () => void this.#onSecure.delete(name));
    // Documented by Node: a connection may be given to a server by this event.
    this.#server.emit("connection", socket);
  }

  #replace(): void {
    const { logger, source } = this.#components;
    try {
      this.#server = this.#create(source.secureContext());
      logger.info({}, "Serving the renewed certificate");
    } catch (error) {
      logger.error({ err: error }, "A renewed certificate cannot be served; the one before it still is");
    }
  }

  /** A new server and not `setSecureContext` on the old one: whether to ask for certificates cannot be changed there. */
  #create({ key, cert, ca }: SecureContext): Server {
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
