import type { PinScene } from "./pin-scene.ts";
import type { SimulatedPins } from "./simulated-pins.ts";

const OTHER_PROGRAM = "another-program";

/** Changes what differs between two scenes, and touches nothing else: a wave that goes on keeps its beat. */
export function applyPinScene(pins: SimulatedPins, before: PinScene, after: PinScene): void {
  for (const [wire, there] of changedMembers(before.wires, after.wires)) {
    const [line = 0, other = 0] = wire.split(" ").map(Number);
    if (there) pins.connect(line, other);
    else pins.disconnect(line, other);
  }
  for (const [line, times] of changedMembers(before.failingWrites, after.failingWrites)) {
    pins.failWrites(line, times ? Number.POSITIVE_INFINITY : 0);
  }
  for (const [line, times] of changedMembers(before.losingEdges, after.losingEdges)) {
    pins.loseEdges(line, times ? Number.POSITIVE_INFINITY : 0);
  }
  for (const [line, taken] of changedMembers(before.taken, after.taken)) {
    pins.take(line, taken ? OTHER_PROGRAM : null);
  }
  for (const [line, level] of changedValues(before.stuck, after.stuck)) pins.stick(line, level ?? null);
  for (const [line, durationMs] of changedValues(before.bounces, after.bounces)) {
    pins.bounce(line, durationMs ?? 0);
  }
  for (const [line, frequencyHz] of changedValues(before.squares, after.squares)) {
    pins.square(line, frequencyHz ?? 0);
    if (frequencyHz === undefined) pins.set(line, after.levels.get(line) ?? null);
  }
  for (const [line, level] of changedValues(before.levels, after.levels)) pins.set(line, level ?? null);
}

function changedMembers<Key>(before: ReadonlySet<Key>, after: ReadonlySet<Key>): [Key, boolean][] {
  return [...new Set([...before, ...after])]
    .filter((key) => before.has(key) !== after.has(key))
    .map((key) => [key, after.has(key)]);
}

function changedValues<Value>(
  before: ReadonlyMap<number, Value>,
  after: ReadonlyMap<number, Value>,
): [number, Value | undefined][] {
  const lines = new Set([...before.keys(), ...after.keys()]);
  return [...lines]
    .filter((line) => before.get(line) !== after.get(line))
    .map((line) => [line, after.get(line)]);
}
