import type { World } from "../world/world.ts";

/** What people and programs do with a mesh while things go wrong. */
export interface Workload {
  readonly name: string;
  /** Begins to make work, on the world's clock. */
  begin(world: World): void;
  /** Makes no more. What is under way goes on. */
  end(): void;
}
