import { stopsCollection } from "@pi-controller/gpio";
import { reservationsCollection } from "@pi-controller/gpio/testing";
import type { GpioValue, ReservationRecord } from "@pi-controller/schema";
import { numberOf } from "../gpio/pin-requests.ts";
import type { GpioClients } from "../workload/gpio-clients.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** In the end all peers say the same of who holds what, nobody waits any more, and what was kept is still there. */
export class PinsAgree implements Invariant {
  readonly name = "reservations";
  readonly #clients: GpioClients;
  /** What owners answer when they are asked themselves. */
  readonly #answers = new Map<SimulatedMachine, string>();

  constructor(components: { readonly clients: GpioClients }) {
    this.#clients = components.clients;
  }

  *settled(world: World): Iterable<string> {
    const stories = [...this.#clients.history.stories()];
    const owners = new Set(stories.map(({ owner }) => owner));
    for (const owner of owners) void this.#askOwner(owner);
    for (const owner of owners) {
      if (owner.gone !== undefined) continue;
      const own = recordsAt(owner, owner);
      yield* this.#disagreeing(world, owner, own);
      for (const { state, ttlMs, id } of own) {
        if (state === "waiting") yield `${id.slice(-6)} still waits in line at ${owner.name}`;
        else if (ttlMs !== null) yield `${id.slice(-6)} still stands at ${owner.name}`;
      }
    }
    for (const { owner, line, grants } of stories) {
      if (owner.gone !== undefined) continue;
      for (const { heldUntilMs, name, terms, kept } of grants) {
        if (heldUntilMs !== Number.POSITIVE_INFINITY) continue;
        const record = recordsAt(owner, owner).find(({ id }) => id === terms.id);
        if (record?.token !== terms.token) yield `${owner.name} has lost the grant ${name} of GPIO${line}`;
        else if (kept !== undefined && terms.keep && !isKept(kept, record)) {
          yield `${name} has kept ${JSON.stringify(record.desired)}, and ${JSON.stringify(kept)} was written`;
        }
      }
    }
  }

  *#disagreeing(world: World, owner: SimulatedMachine, own: readonly ReservationRecord[]): Iterable<string> {
    const text = JSON.stringify([own, stopsAt(owner, owner)]);
    for (const machine of world.machines) {
      if (machine.peer === undefined || machine.gone !== undefined || machine === owner) continue;
      const there = JSON.stringify([recordsAt(machine, owner), stopsAt(machine, owner)]);
      if (there !== text) yield `${machine.name} says something else of the pins of ${owner.name}`;
    }
    const recorded = own.map(({ id, token }) => `${id} ${token}`).join();
    const answered = this.#answers.get(owner);
    if (answered !== recorded)
      yield `${owner.name} answers that there is ${answered}, and has written down ${recorded}`;
  }

  async #askOwner(owner: SimulatedMachine): Promise<void> {
    const outcome = await this.#clients.asker.ask(
      owner,
      { what: "lists what there is", user: "ada", owner },
      (pins, asking) => pins.list({ node: owner.id, limit: 500 }, asking),
    );
    const answered =
      outcome.kind === "done"
        ? outcome.value.items.map(({ id, token }) => `${id} ${token}`).join()
        : "no answer";
    this.#answers.set(owner, answered);
  }
}

/** Whether a value is what was written; an emergency stop forgets it. */
function isKept(written: GpioValue, { desired, stopped }: ReservationRecord): boolean {
  if (desired === null) return stopped === true;
  if ("level" in written) return "level" in desired && written.level === desired.level;
  return "dutyCycle" in desired && numberOf(desired.dutyCycle ?? 0) === numberOf(written.dutyCycle ?? 0);
}

function recordsAt({ peer }: SimulatedMachine, { id }: SimulatedMachine): readonly ReservationRecord[] {
  return peer?.core.documents.node(id).collection(reservationsCollection).all() ?? [];
}

function stopsAt({ peer }: SimulatedMachine, { id }: SimulatedMachine): readonly object[] {
  return peer?.core.documents.node(id).collection(stopsCollection).all() ?? [];
}
