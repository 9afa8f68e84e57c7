import type { Level } from "@pi-controller/schema";

/** What a test, a script or a demonstration does at the far ends of a simulated header's wires. Levels are electrical. */
export interface SimulatedPins {
  /** How many lines there are. */
  readonly lines: number;
  /** Moves a wire from outside, as through a resistor: outputs win over it. Null lets go of it. */
  set(line: number, level: Level | null): void;
  /** What is on the wire. */
  level(line: number): Level;
  connect(line: number, other: number): void;
  disconnect(line: number, other: number): void;
  /** From now on each move of this wire from outside bounces for so long; 0: no more. */
  bounce(line: number, durationMs: number): void;
  /** Moves the wire up and down; 0 ends that. */
  square(line: number, frequencyHz: number): void;
  /** Lets the next writes of the line fail; 0: none any more. */
  failWrites(line: number, times: number): void;
  /** Shorts the wire to ground or 3.3 V, whatever else drives it; null: no more. */
  stick(line: number, level: Level | null): void;
  /** Lets the next edges of the line get lost; 0: none any more. */
  loseEdges(line: number, times: number): void;
  /** Lets another program have the line; null: no more. */
  take(line: number, consumer: string | null): void;
}
