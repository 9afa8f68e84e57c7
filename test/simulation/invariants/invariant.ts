import type { World } from "../world/world.ts";

/** A rule of the product, watched from outside. It calls `world.violation` for what it sees broken. */
export interface Invariant {
  readonly name: string;
  /** Once before machines start. */
  begin?(world: World): void;
  /** Every simulated second, whatever goes wrong at the moment. */
  check?(world: World): void;
  /** After everything has healed: what does not hold yet, as sentences. All of it has to hold within a bound. */
  settled?(world: World): Iterable<string>;
}
