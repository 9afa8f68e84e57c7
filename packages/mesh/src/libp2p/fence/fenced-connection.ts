import type { AbortOptions, MultiaddrConnection } from "@libp2p/interface";
import { AbstractMultiaddrConnection } from "@libp2p/utils";
import { Uint8ArrayList } from "uint8arraylist";
import type { FenceCipher } from "./fence-cipher.ts";

/** Deciphers what arrives; undefined while more is needed to begin. */
export type Decipher = (bytes: Uint8Array) => Uint8Array | undefined;

/** A connection all of whose bytes go through the fence's ciphers. */
export class FencedConnection extends AbstractMultiaddrConnection {
  readonly #connection: MultiaddrConnection;
  readonly #outgoing: FenceCipher;

  constructor(connection: MultiaddrConnection, outgoing: FenceCipher, decipher: Decipher) {
    super({
      remoteAddr: connection.remoteAddr,
      direction: connection.direction,
      log: connection.log,
      inactivityTimeout: connection.inactivityTimeout,
    });
    this.#connection = connection;
    this.#outgoing = outgoing;
    connection.addEventListener("message", ({ data }) => {
      for (const part of data instanceof Uint8Array ? [data] : data) {
        const clear = decipher(part);
        if (clear !== undefined) this.onData(clear);
      }
    });
    connection.addEventListener("drain", () => this.onMuxerDrain());
    connection.addEventListener("close", ({ error, local }) => {
      if (error === undefined) this.onTransportClosed();
      else if (local === true) this.abort(error);
      else this.onRemoteReset();
    });
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const enciphered = new Uint8ArrayList();
    for (const part of data) enciphered.append(this.#outgoing.update(part));
    return { sentBytes: data.byteLength, canSendMore: this.#connection.send(enciphered) };
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    await this.#connection.close(options);
  }

  sendReset(error: Error): void {
    this.#connection.abort(error);
  }

  sendPause(): void {
    this.#connection.pause();
  }

  sendResume(): void {
    this.#connection.resume();
  }
}
