import { MeshError } from "@pi-controller/schema";
import type { Enrolment } from "@pi-controller/security";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { World } from "./world.ts";

/** There and back. */
const ROUND_TRIP_MS = 10;
const TIMEOUT_MS = 4_000;

/** Members' HTTP APIs, where peers that the mesh lets in no more, or not yet, can say something. */
export class SimulatedApis {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  originOf(machine: SimulatedMachine): string {
    return originOf(this.#world.hub.addressOf(machine.id));
  }

  /** @throws MeshError UNAVAILABLE when no member answers there, and what it answers with */
  async ask<Answer>(
    from: SimulatedMachine,
    origin: string,
    ask: (enrolment: Enrolment, address: string) => Answer,
  ): Promise<Answer> {
    const { links } = this.#world.hub;
    const to = this.#world.machines.find((machine) => this.originOf(machine) === origin);
    const isThere = () => to?.state === "running" && links.open(from.id, to.id) && links.open(to.id, from.id);
    await this.#wait(isThere() ? ROUND_TRIP_MS : TIMEOUT_MS);
    const enrolment = to?.peer?.enrolment;
    if (!isThere() || enrolment === undefined)
      throw new MeshError("UNAVAILABLE", `Nobody answers at ${origin}`);
    return ask(enrolment, new URL(this.originOf(from)).hostname);
  }

  #wait(durationMs: number): Promise<void> {
    return new Promise((resolve) => void this.#world.clock.setTimer(resolve, durationMs));
  }
}

/** @param address of a peer, as a multiaddr */
export function originOf(address: string): string {
  const [, , host] = address.split("/");
  return `https://${host}:8080`;
}
