import type { Stream } from "@libp2p/interface";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Answer, Call } from "../request-handlers.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { RequestAssembly } from "./request-assembly.ts";
import type { Frame } from "./request-frames.ts";
import { RequestOutbox } from "./request-outbox.ts";
import { readFrames } from "./request-stream.ts";

interface Incoming {
  readonly request: Frame & { kind: "request" };
  readonly assembly: RequestAssembly;
  readonly cancel: AbortController;
  answering: boolean;
}

/** Most requests of one peer that are read or answered at a time. */
const MAX_REQUESTS = 256;

/** Answers what arrives on one stream that another peer opened. */
export class RequestAnswerer {
  readonly #handle: (call: Call) => Promise<Answer>;
  readonly #budget: ByteBudget;
  readonly #outbox: RequestOutbox;
  readonly #stream: Stream;
  readonly #onMalformed: (error: MeshError) => void;
  readonly #from: NodeId;
  readonly #incoming = new Map<number, Incoming>();

  /**
   * @param components.handle never rejects
   * @param onMalformed told once, when the peer sends what is no frame; the stream is closed then
   */
  constructor(
    components: { handle: (call: Call) => Promise<Answer>; budget: ByteBudget; stream: Stream },
    from: NodeId,
    onMalformed: (error: MeshError) => void,
  ) {
    this.#handle = components.handle;
    this.#budget = components.budget;
    this.#outbox = new RequestOutbox(components.stream);
    this.#stream = components.stream;
    this.#from = from;
    this.#onMalformed = onMalformed;
  }

  start(): void {
    readFrames(this.#stream, {
      onFrame: (frame) => this.#onFrame(frame),
      onMalformed: this.#onMalformed,
      onClose: () => this.#onClose(),
    });
  }

  #onFrame(frame: Frame): void {
    switch (frame.kind) {
      case "request":
        this.#begin(frame);
        break;
      case "more":
        this.#add(frame.id, frame.part);
        break;
      case "cancel":
        this.#cancel(frame.id);
        break;
      case "ping":
        if (this.#outbox.accepts(0)) this.#outbox.sendFrame({ kind: "pong", id: frame.id });
        break;
      case "answer":
      case "error":
      case "pong":
        throw new MeshError("INVALID_ARGUMENT", `The peer sent ${frame.kind} on a stream of its own`);
    }
  }

  #begin(request: Frame & { kind: "request" }): void {
    if (this.#incoming.has(request.id)) {
      throw new MeshError("INVALID_ARGUMENT", "The peer used the id of a request twice");
    }
    if (this.#incoming.size >= MAX_REQUESTS) {
      this.#send(request.id, overloaded("too many requests at a time"));
      return;
    }
    const assembly = new RequestAssembly(this.#budget, request.totalBytes);
    this.#incoming.set(request.id, { request, assembly, cancel: new AbortController(), answering: false });
    this.#add(request.id, request.part);
  }

  /** What belongs to a request that was cancelled or refused is dropped. */
  #add(id: number, part: Uint8Array): void {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined || incoming.answering) return;
    if (!incoming.assembly.add(part)) {
      this.#forget(id);
      this.#send(id, overloaded("too many bytes at a time"));
      return;
    }
    if (!incoming.assembly.complete) return;
    incoming.answering = true;
    void this.#answer(id, incoming);
  }

  async #answer(id: number, { request, assembly, cancel }: Incoming): Promise<void> {
    const answer = await this.#handle({
      from: this.#from,
      method: request.method,
      payload: assembly.payload(),
      timeoutMs: request.timeoutMs,
      signal: cancel.signal,
    });
    // Cancelled, or the stream is gone: nobody waits.
    if (!this.#forget(id)) return;
    this.#send(id, answer);
  }

  #send(id: number, answer: Answer): void {
    if (!answer.ok) {
      if (this.#outbox.accepts(0)) this.#outbox.sendFrame({ kind: "error", id, error: answer });
    } else if (this.#outbox.accepts(answer.payload.byteLength)) {
      const totalBytes = answer.payload.byteLength;
      this.#outbox.sendMessage(id, answer.payload, (part) => ({ kind: "answer", id, totalBytes, part }));
    } else {
      this.#send(id, overloaded("too many answers are waiting to be sent"));
    }
  }

  #cancel(id: number): void {
    const incoming = this.#incoming.get(id);
    this.#outbox.drop(id);
    if (this.#forget(id)) incoming?.cancel.abort(new MeshError("CANCELLED", "The caller gave up"));
  }

  #forget(id: number): boolean {
    this.#incoming.get(id)?.assembly.release();
    return this.#incoming.delete(id);
  }

  #onClose(): void {
    this.#outbox.clear();
    const lost = new MeshError("UNAVAILABLE", "The connection to the caller was lost");
    for (const [id, { cancel }] of this.#incoming) {
      this.#forget(id);
      cancel.abort(lost);
    }
  }
}

function overloaded(why: string): Answer {
  return {
    ok: false,
    code: "RESOURCE_EXHAUSTED",
    message: `The peer is overloaded: ${why}`,
    details: { retryAfterMs: 1_000 },
  };
}
