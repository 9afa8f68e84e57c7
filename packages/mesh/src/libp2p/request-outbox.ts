import type { Stream } from "@libp2p/interface";
import { encodeFrame, FRAME_PAYLOAD_BYTES, type Frame } from "./request-frames.ts";
import { untilWritable } from "./request-stream.ts";

/** A payload that takes several frames; they are made one by one, as the stream takes them. */
interface Bulk {
  readonly id: number;
  readonly frames: Iterator<Frame>;
  readonly bytes: number;
}

/** Most bytes that wait on one stream, and most small frames: only a peer that does not read makes so many. */
const MAX_QUEUED_BYTES = 40 * 1024 * 1024;
const MAX_QUEUED_FRAMES = 4096;

/**
 * What waits to be sent on one stream, in two lanes: small frames go first, large payloads follow frame by
 * frame in turns, so that a probe never waits for a document.
 */
export class RequestOutbox {
  readonly #stream: Stream;
  readonly #small: Uint8Array[] = [];
  readonly #bulk: Bulk[] = [];
  #queuedBytes = 0;
  #sending = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** False when the peer reads so slowly that a payload of this size should not wait as well. */
  accepts(bytes: number): boolean {
    return this.#small.length < MAX_QUEUED_FRAMES && this.#queuedBytes + bytes <= MAX_QUEUED_BYTES;
  }

  /** @param head makes the first frame of the message from the first part of its payload */
  sendMessage(id: number, payload: Uint8Array, head: (part: Uint8Array) => Frame): void {
    const first = head(payload.subarray(0, FRAME_PAYLOAD_BYTES));
    if (payload.byteLength <= FRAME_PAYLOAD_BYTES) {
      this.sendFrame(first);
      return;
    }
    this.#bulk.push({ id, frames: split(first, id, payload), bytes: payload.byteLength });
    this.#queuedBytes += payload.byteLength;
    this.#pump();
  }

  sendFrame(frame: Frame): void {
    const bytes = encodeFrame(frame);
    this.#small.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    this.#pump();
  }

  /** Sends no more of a payload that nobody waits for. */
  drop(id: number): void {
    const index = this.#bulk.findIndex((bulk) => bulk.id === id);
    if (index >= 0) this.#finish(index);
  }

  /** Forgets everything: the stream is closed. */
  clear(): void {
    this.#small.length = 0;
    this.#bulk.length = 0;
    this.#queuedBytes = 0;
  }

  #pump(): void {
    if (this.#sending) return;
    this.#sendAll().catch((error: unknown) => {
      this.clear();
      this.#stream.abort(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    try {
      for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
        if (!this.#stream.send(bytes)) await untilWritable(this.#stream);
      }
    } finally {
      // In the same turn in which nothing was left: what is queued from now on starts anew.
      this.#sending = false;
    }
  }

  #next(): Uint8Array | undefined {
    const small = this.#small.shift();
    if (small !== undefined) {
      this.#queuedBytes -= small.byteLength;
      return small;
    }
    while (this.#bulk.length > 0) {
      const bulk = this.#bulk[0] as Bulk;
      const next = bulk.frames.next();
      if (next.done !== true) {
        // In turns: the next frame is of another payload.
        this.#bulk.shift();
        this.#bulk.push(bulk);
        return encodeFrame(next.value);
      }
      this.#finish(0);
    }
    return undefined;
  }

  #finish(index: number): void {
    const [bulk] = this.#bulk.splice(index, 1);
    this.#queuedBytes -= bulk?.bytes ?? 0;
  }
}

function* split(first: Frame, id: number, payload: Uint8Array): Generator<Frame> {
  yield first;
  for (let start = FRAME_PAYLOAD_BYTES; start < payload.byteLength; start += FRAME_PAYLOAD_BYTES) {
    yield { kind: "more", id, part: payload.subarray(start, start + FRAME_PAYLOAD_BYTES) };
  }
}
