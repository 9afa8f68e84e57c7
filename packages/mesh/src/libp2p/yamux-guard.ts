import type { StreamMuxerFactory } from "@libp2p/interface";
import { yamux } from "@libp2p/yamux";

/** Version, type, flags, stream id, length: hashicorp/yamux spec.md, "Framing". */
const HEADER_BYTES = 12;
const TYPE_OFFSET = 1;
const LENGTH_OFFSET = 8;
const TYPE_DATA = 0;

/** Follows the frames of a Yamux connection without keeping their content. */
export class YamuxFrameWatch {
  readonly #maxFrameBytes: number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #bodyBytes = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @returns false when a frame announces more than it may carry */
  follow(chunk: Uint8Array): boolean {
    for (let position = 0; position < chunk.byteLength; ) {
      if (this.#bodyBytes > 0) {
        const skipped = Math.min(this.#bodyBytes, chunk.byteLength - position);
        this.#bodyBytes -= skipped;
        position += skipped;
        continue;
      }
      const wanted = HEADER_BYTES - this.#headerBytes;
      const part = chunk.subarray(position, position + wanted);
      this.#header.set(part, this.#headerBytes);
      this.#headerBytes += part.byteLength;
      position += part.byteLength;
      if (this.#headerBytes === HEADER_BYTES && !this.#beginBody()) return false;
    }
    return true;
  }

  #beginBody(): boolean {
    this.#headerBytes = 0;
    if (this.#header[TYPE_OFFSET] !== TYPE_DATA) return true;
    this.#bodyBytes = new DataView(this.#header.buffer).getUint32(LENGTH_OFFSET);
    return this.#bodyBytes <= this.#maxFrameBytes;
  }
}

/**
 * Yamux that closes a connection whose peer announces a frame larger than a stream's window. @libp2p/yamux
 * collects a frame whole before it looks at the window, so that one header could make it collect gigabytes.
 *
 * @param maxFrameBytes the largest window that a stream gets
 */
export function guardedYamux(
  maxFrameBytes: number,
  init: Parameters<typeof yamux>[0],
): () => StreamMuxerFactory {
  const create = yamux(init);
  return () => {
    const factory = create();
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection) {
        const watch = new YamuxFrameWatch(maxFrameBytes);
        // Before the muxer's own listener, and so before it collects anything.
        connection.addEventListener("message", ({ data }) => {
          if (watch.follow(data.subarray())) return;
          connection.abort(new Error("the peer sent a frame that is too large"));
        });
        return factory.createStreamMuxer(connection);
      },
    };
  };
}
