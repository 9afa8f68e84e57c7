import { rivals } from "@pi-controller/gpio/testing";
import { pick, type Random, type Timer } from "@pi-controller/runtime";
import { PinAsker } from "../gpio/pin-asker.ts";
import { PinClient } from "../gpio/pin-client.ts";
import { PinHistory } from "../gpio/pin-history.ts";
import { PinOperator } from "../gpio/pin-operator.ts";
import type { World } from "../world/world.ts";
import type { Workload } from "./workload.ts";

export interface GpioClientsOptions {
  /** Between two steps of clients, of all together. */
  readonly intervalMs: number;
  /** Between two emergency stops, at least. */
  readonly stopIntervalMs: number;
  readonly clients: number;
  /** Machines whose pins are wanted: the first ones of the world. */
  readonly owners: number;
}

interface GpioParts {
  readonly history: PinHistory;
  readonly asker: PinAsker;
  readonly operator: PinOperator;
}

export const usualGpioClients: GpioClientsOptions = {
  intervalMs: 250,
  stopIntervalMs: 25_000,
  clients: 6,
  owners: 3,
};

/** Clients that compete for few pins, each by the peer that it knows. */
export class GpioClients implements Workload {
  readonly name = "pins";
  readonly #options: GpioClientsOptions;
  readonly #timers = new Map<string, Timer>();
  #parts: GpioParts | undefined;

  constructor(options: GpioClientsOptions) {
    this.#options = options;
  }

  get history(): PinHistory {
    return this.#begun.history;
  }

  get asker(): PinAsker {
    return this.#begun.asker;
  }

  get operator(): PinOperator {
    return this.#begun.operator;
  }

  /** What watches it begins before it does. */
  prepare(world: World): void {
    const random = world.random("pins");
    const asker = new PinAsker({ world, random });
    const operator = new PinOperator({ world, asker, random }, { owners: this.#ownersOf(world) });
    this.#parts = { history: new PinHistory(world), asker, operator };
  }

  begin(world: World): void {
    const { asker, history, operator } = this.#begun;
    const random = world.random("pin clients");
    const clients = this.#clientsOf(world, { world, asker, history, random });
    this.#every(world, "step", this.#options.intervalMs, random, () => pick(random, clients)?.step());
    this.#every(world, "stop", this.#options.stopIntervalMs, random, () => operator.step());
  }

  end(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  get #begun(): GpioParts {
    if (this.#parts === undefined) throw new Error("The clients of pins were not prepared");
    return this.#parts;
  }

  #ownersOf(world: World): World["machines"] {
    return world.machines.filter(({ isMember }) => isMember).slice(0, this.#options.owners);
  }

  #clientsOf(world: World, components: ConstructorParameters<typeof PinClient>[0]): readonly PinClient[] {
    const members = world.machines.filter(({ isMember }) => isMember);
    const clients: PinClient[] = [];
    for (let index = 0; index < this.#options.clients; index++) {
      const home = members[index % members.length];
      if (home === undefined) break;
      clients.push(
        new PinClient(components, {
          user: rivals[index % rivals.length] ?? rivals[0],
          home,
          owners: this.#ownersOf(world),
          onTransferred: (user, holding) => {
            clients.find((client) => client.user === user)?.take(holding);
          },
        }),
      );
    }
    return clients;
  }

  #every(world: World, name: string, intervalMs: number, random: Random, act: () => void): void {
    const again = () => {
      const delayMs = intervalMs * (0.5 + random.next());
      this.#timers.set(
        name,
        world.clock.setTimer(() => {
          act();
          again();
        }, delayMs),
      );
    };
    again();
  }
}
