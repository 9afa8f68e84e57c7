import type { Determinism } from "./determinism.ts";
import type { CardImage } from "./simulated-machine.ts";
import { START_MS, World } from "./world.ts";

/** Switched on one after the other, each finds a mesh; then they have time to tell each other everything. */
const SWITCHED_ON_WITHIN_MS = 20_000;
const GROWN_AFTER_MS = 60_000;
const BEFORE_MS = 1_800_000;

/** By the number of members. */
const grown = new Map<number, readonly CardImage[]>();

/**
 * What the cards of a mesh hold that was founded, has run undisturbed until everybody knew everything, and lost its
 * power. The same for the same number of members, whatever seed asks for it; made once in a process.
 */
export async function grownMesh(members: number, determinism: Determinism): Promise<readonly CardImage[]> {
  const known = grown.get(members);
  if (known !== undefined) return known;
  const options = { seed: members, members, strangers: 0, conditions: {}, startMs: START_MS - BEFORE_MS };
  const { clock, machines } = await World.create(options, determinism);
  for (const [index, machine] of machines.entries()) {
    clock.setTimer(() => machine.start(), (index * SWITCHED_ON_WITHIN_MS) / machines.length);
  }
  await clock.advance(GROWN_AFTER_MS);
  for (const machine of machines) machine.powerOff();
  const images = machines.map((machine) => machine.image());
  grown.set(members, images);
  return images;
}
