import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Nothing takes this long, whatever goes wrong: a start, or a stop once it was asked for. */
const MAX_TRANSITION_MS = 60_000;

/** Processes start and stop within a bound, and none ends by itself but for its disk. */
export class ProcessesEnd implements Invariant {
  readonly name = "processes";
  readonly #sinceMs = new Map<object, { readonly state: string; readonly atMs: number }>();

  check(world: World): void {
    const nowMs = world.clock.monotonic();
    for (const machine of world.machines) {
      const { name, state } = machine;
      const known = this.#sinceMs.get(machine);
      if (known?.state !== state) this.#sinceMs.set(machine, { state, atMs: nowMs });
      else if (state === "starting" || state === "stopping") {
        if (nowMs - known.atMs < MAX_TRANSITION_MS) continue;
        world.violation(this.name, `${name} is ${state} for ${Math.round(nowMs - known.atMs)} ms`);
        this.#sinceMs.set(machine, { state, atMs: Number.POSITIVE_INFINITY });
      }
    }
  }

  *settled(world: World): Iterable<string> {
    for (const machine of world.machines) {
      if (!machine.isMember || machine.gone !== undefined) continue;
      const { failure, name, state } = machine;
      const why = failure instanceof Error ? `: ${failure.message}` : "";
      if (state !== "running") yield `${name} is ${state}${why}`;
    }
  }
}
