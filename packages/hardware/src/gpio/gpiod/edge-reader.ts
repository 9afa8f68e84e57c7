import { readSync } from "node:fs";
import type { Edge } from "../gpio-driver.ts";
import { decodeEvent, EVENT_BYTES } from "./uapi.ts";

/** Events that one read of the kernel fetches at most. */
const EVENTS_A_READ = 64;

/** Fetches the events of a line request, and counts those that the kernel had to drop. */
export class EdgeReader {
  readonly #descriptor: number;
  readonly #buffer = Buffer.alloc(EVENTS_A_READ * EVENT_BYTES);
  readonly #sequences = new Map<number, number>();

  /** @param descriptor of a request, that does not block */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * All that wait.
   *
   * @throws Error of Node when the chip has gone
   */
  read(): readonly Edge[] {
    const edges: Edge[] = [];
    for (;;) {
      const bytes = this.#fill();
      for (let at = 0; at + EVENT_BYTES <= bytes; at += EVENT_BYTES) edges.push(this.#edge(at));
      if (bytes < this.#buffer.length) return edges;
    }
  }

  #fill(): number {
    try {
      return readSync(this.#descriptor, this.#buffer);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
      throw error;
    }
  }

  #edge(at: number): Edge {
    const { line, rising, timestampNs, lineSequence } = decodeEvent(this.#buffer, at);
    const before = this.#sequences.get(line) ?? 0;
    this.#sequences.set(line, lineSequence);
    // Setting a line up anew may begin its count anew.
    const expected = lineSequence > before ? before + 1 : 1;
    return { line, level: rising ? "high" : "low", timestampNs, lostBefore: lineSequence - expected };
  }
}
