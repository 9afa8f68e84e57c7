import type { OpenRequest } from "../gpio/pin-asker.ts";
import type { GpioClients } from "../workload/gpio-clients.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Answers are on their way for so long, and it is looked once a second. */
const MARGIN_MS = 3_000;

/** Whoever asks is told something in his time, as long as the process lives that he asked. */
export class PinRequestsEnd implements Invariant {
  readonly name = "answers of pins";
  readonly #clients: GpioClients;
  readonly #told = new WeakSet<OpenRequest>();
  #checkedMs = 0;

  constructor(components: { readonly clients: GpioClients }) {
    this.#clients = components.clients;
  }

  check(world: World): void {
    const nowMs = world.clock.monotonic();
    const sinceMs = nowMs - this.#checkedMs;
    this.#checkedMs = nowMs;
    for (const request of this.#clients.asker.open) {
      const { machine, peer, timeoutMs, what } = request;
      if (machine.peer !== peer) {
        this.#clients.asker.open.delete(request);
        continue;
      }
      if (machine.isRunning) request.ableMs += sinceMs;
      if (request.ableMs < timeoutMs + MARGIN_MS || this.#told.has(request)) continue;
      this.#told.add(request);
      world.violation(this.name, `${machine.name} does not answer: ${what}, within ${timeoutMs} ms`);
    }
  }

  *settled(): Iterable<string> {
    for (const { machine, what } of this.#clients.asker.open)
      yield `${machine.name} has not answered: ${what}`;
  }
}
