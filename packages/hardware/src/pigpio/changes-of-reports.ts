import type { Edges } from "@pi-controller/schema";
import type { Edge } from "../gpio/gpio-driver.ts";
import { isAskedFor, swappedWhen } from "../gpio/levels.ts";
import type { Report } from "./wire.ts";

/** An input whose changes are wanted. */
export interface WatchedLine {
  readonly edges: Edges;
  readonly activeLow: boolean;
  /** When it was set up; in ns, since ticks start over while a line is watched. */
  readonly sinceNs: bigint;
  /** What was last on the wire. */
  high: boolean;
  /** Reports that were lost since its last edge. */
  lost: number;
}

const SEQUENCES = 2 ** 16;
/**
 * How much too early a report may be stamped: the daemon stamps its samples, which it keeps for so long before it
 * looks at them (its option -b). What is older is of the time before a line was set up.
 */
const SAMPLES_NS = 120_000_000n;

/** Makes edges of reports, which have the levels of all lines each. */
export class ChangesOfReports {
  readonly #lines = new Map<number, WatchedLine>();
  #nextSequence: number | undefined;

  /** For a new connection, whose reports are counted anew. */
  restart(): void {
    this.#lines.clear();
    this.#nextSequence = undefined;
  }

  watch(line: number, watched: WatchedLine): void {
    this.#lines.set(line, watched);
  }

  forget(line: number): void {
    this.#lines.delete(line);
  }

  /** Bits of the lines that are watched. */
  mask(): number {
    let mask = 0;
    for (const line of this.#lines.keys()) mask |= 1 << line;
    return mask >>> 0;
  }

  /** @param timeOf when a tick was, in ns */
  edgesOf(report: Report, timeOf: (tick: number) => bigint): Edge[] {
    const missing = this.#missingBefore(report);
    // Which lines a lost report was of nobody knows: it counts for each, so that no loss goes untold.
    for (const watched of this.#lines.values()) watched.lost += missing;
    if (report.flags !== 0) return [];
    const timestampNs = timeOf(report.tick);
    const edges: Edge[] = [];
    for (const [line, watched] of this.#lines) {
      const high = ((report.levels >>> line) & 1) === 1;
      if (high === watched.high || timestampNs < watched.sinceNs - SAMPLES_NS) continue;
      watched.high = high;
      const level = swappedWhen(watched.activeLow, high ? "high" : "low");
      if (!isAskedFor(watched.edges, level)) continue;
      edges.push({ line, level, timestampNs, lostBefore: watched.lost });
      watched.lost = 0;
    }
    return edges;
  }

  #missingBefore({ sequence }: Report): number {
    const expected = this.#nextSequence ?? sequence;
    this.#nextSequence = (sequence + 1) % SEQUENCES;
    return (sequence - expected + SEQUENCES) % SEQUENCES;
  }
}
