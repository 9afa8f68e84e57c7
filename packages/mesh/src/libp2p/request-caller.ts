import type { Stream } from "@libp2p/interface";
import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { RequestOptions } from "../network.ts";
import { RequestCalls } from "../request-calls.ts";
import type { Answer } from "../request-handlers.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { RequestAssembly } from "./request-assembly.ts";
import type { Frame } from "./request-frames.ts";
import { RequestOutbox } from "./request-outbox.ts";
import { readFrames } from "./request-stream.ts";

/** Most requests to one peer that are under way at a time: as many as it answers. */
const MAX_REQUESTS = 256;

/** Sends this peer's requests over one stream that it opened, and takes the answers. */
export class RequestCaller {
  readonly #clock: Clock;
  readonly #budget: ByteBudget;
  readonly #stream: Stream;
  readonly #onMalformed: (error: MeshError) => void;
  readonly #outbox: RequestOutbox;
  readonly #calls: RequestCalls;
  readonly #answers = new Map<number, RequestAssembly>();
  #ping: { readonly id: number; readonly sentMs: number } | undefined;
  #lastPingId = 0;
  #roundTripMs: number | null = null;
  #heardMs: number;
  #open = true;

  /** @param onMalformed told once, when the peer sends what is no frame; the stream is closed then */
  constructor(
    components: { clock: Clock; budget: ByteBudget; stream: Stream },
    onMalformed: (error: MeshError) => void,
  ) {
    this.#clock = components.clock;
    this.#budget = components.budget;
    this.#outbox = new RequestOutbox(components.stream);
    this.#calls = new RequestCalls(components);
    this.#heardMs = components.clock.monotonic();
    this.#stream = components.stream;
    this.#onMalformed = onMalformed;
  }

  start(): void {
    readFrames(this.#stream, {
      onFrame: (frame) => this.#onFrame(frame),
      onMalformed: this.#onMalformed,
      onClose: () => this.#onClose(),
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** How many requests wait for their answers. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Of the last ping; null before the first one came back. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** When anything was last heard on this stream, in monotonic ms. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** @throws MeshError as `Network.request` */
  async request(method: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (!this.#open) throw new MeshError("UNAVAILABLE", "The connection was lost");
    if (this.#calls.size >= MAX_REQUESTS || !this.#outbox.accepts(payload.byteLength)) {
      throw new MeshError("RESOURCE_EXHAUSTED", `Too many requests wait for the peer to send ${method}`);
    }
    return this.#calls.run(method, options, {
      send: (id) =>
        this.#outbox.sendMessage(id, payload, (part) => ({
          kind: "request",
          id,
          timeoutMs: options.timeoutMs,
          totalBytes: payload.byteLength,
          method,
          part,
        })),
      abandon: (id) => {
        this.#outbox.drop(id);
        this.#dropAnswer(id);
        if (this.#open && this.#outbox.accepts(0)) this.#outbox.sendFrame({ kind: "cancel", id });
      },
    });
  }

  /** Asks for a sign of life; what comes back moves `heardMs` and `roundTripMs`. */
  ping(): void {
    if (!this.#open || !this.#outbox.accepts(0)) return;
    this.#lastPingId = (this.#lastPingId + 1) >>> 0;
    this.#ping = { id: this.#lastPingId, sentMs: this.#clock.monotonic() };
    this.#outbox.sendFrame({ kind: "ping", id: this.#lastPingId });
  }

  #onFrame(frame: Frame): void {
    this.#heardMs = this.#clock.monotonic();
    switch (frame.kind) {
      case "answer":
        if (!this.#calls.has(frame.id)) break;
        if (this.#answers.has(frame.id)) throw new MeshError("INVALID_ARGUMENT", "The peer answered twice");
        this.#answers.set(frame.id, new RequestAssembly(this.#budget, frame.totalBytes));
        this.#add(frame.id, frame.part);
        break;
      case "more":
        this.#add(frame.id, frame.part);
        break;
      case "error":
        this.#settle(frame.id, frame.error);
        break;
      case "pong":
        if (frame.id === this.#ping?.id) this.#roundTripMs = this.#heardMs - this.#ping.sentMs;
        break;
      case "request":
      case "cancel":
      case "ping":
        throw new MeshError("INVALID_ARGUMENT", `The peer sent ${frame.kind} on a stream of ours`);
    }
  }

  /** What belongs to a request that has been given up is dropped. */
  #add(id: number, part: Uint8Array): void {
    const assembly = this.#answers.get(id);
    if (assembly === undefined) return;
    if (!assembly.add(part)) {
      const message = "Too many bytes of answers arrive at a time";
      this.#settle(id, { ok: false, code: "RESOURCE_EXHAUSTED", message, details: {} });
    } else if (assembly.complete) {
      this.#settle(id, { ok: true, payload: assembly.payload() });
    }
  }

  #settle(id: number, answer: Answer): void {
    this.#dropAnswer(id);
    this.#calls.settle(id, answer);
  }

  #dropAnswer(id: number): void {
    this.#answers.get(id)?.release();
    this.#answers.delete(id);
  }

  #onClose(): void {
    this.#open = false;
    this.#outbox.clear();
    for (const id of this.#answers.keys()) this.#dropAnswer(id);
    this.#calls.failAll(new MeshError("UNAVAILABLE", "The connection was lost"));
  }
}
