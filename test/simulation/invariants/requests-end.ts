import type { Requests } from "../workload/requests.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** A process that stood still takes up what fell due meanwhile within this long, by its own clock. */
const LATE_MS = 2_000;

/** Each request ends at its deadline, as long as its process runs. */
export class RequestsEnd implements Invariant {
  readonly name = "requests";
  readonly #workload: Requests;
  /** How long each process was seen to run since it last stood still, in looks. */
  readonly #awake = new WeakMap<object, number>();

  constructor(components: { readonly workload: Requests }) {
    this.#workload = components.workload;
  }

  check(world: World): void {
    for (const { isRunning, peer } of world.machines) {
      if (peer !== undefined) this.#awake.set(peer, isRunning ? (this.#awake.get(peer) ?? 0) + 1 : 0);
    }
    for (const request of this.#workload.open) {
      const { machine, peer, endsMs, text } = request;
      if (machine.peer !== peer) {
        // It ended with its process.
        this.#workload.open.delete(request);
        this.#awake.delete(peer);
        continue;
      }
      const lateMs = peer.clock.monotonic() - endsMs;
      if (lateMs < LATE_MS || (this.#awake.get(peer) ?? 0) < 3) continue;
      world.violation(this.name, `the request ${text} goes on ${Math.round(lateMs)} ms after its end`);
      this.#workload.open.delete(request);
    }
  }
}
