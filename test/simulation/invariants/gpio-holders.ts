import { compareTokens } from "@pi-controller/gpio/testing";
import type { Grant, Told } from "../gpio/grant.ts";
import type { PinStory, PinWatcher, Write } from "../gpio/pin-history.ts";
import type { GpioClients } from "../workload/gpio-clients.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/**
 * One holder a pin; tokens rise; no write with a token that is over; no lease is lost before its time. By what clients
 * were told alone, and only where that leaves no doubt.
 */
export class PinsHaveOneHolder implements Invariant, PinWatcher {
  readonly name = "holders of pins";
  readonly #clients: GpioClients;
  #world: World | undefined;

  constructor(components: { readonly clients: GpioClients }) {
    this.#clients = components.clients;
  }

  begin(world: World): void {
    this.#world = world;
    this.#clients.prepare(world);
    this.#clients.history.watchers.add(this);
  }

  onGranted(grant: Grant, { owner, line, grants }: PinStory, told: Told): void {
    const pin = `GPIO${line} of ${owner.name}`;
    for (const other of grants) {
      if (other === grant) continue;
      const order = compareTokens(other.terms.token, grant.terms.token);
      const [before, after] = order < 0 ? [other, grant] : [grant, other];
      if (before.heldUntilMs > after.toldMs && before.terms.id !== after.terms.id) {
        this.#violation(
          `${pin} is granted as ${after.name} to ${after.terms.user} at ${Math.round(after.toldMs)}, while it is held as ${before.name} by ${before.terms.user} until ${Math.round(before.heldUntilMs)} at least`,
        );
      }
      // What may come of an old copy of the disk counts its starts anew.
      const isKnown = told.life.isStillOn(owner) && other.overByMs < Number.POSITIVE_INFINITY;
      if (order === 0) this.#violation(`${pin} was granted twice with the token ${grant.name}`);
      if (order > 0 && isKnown && other.toldMs < told.sentMs) {
        this.#violation(`${pin}: ${grant.name} came after ${other.name}, which has the higher token`);
      }
    }
  }

  onWritten({ grant, story: { owner, line, grants }, told }: Write): void {
    const pin = `GPIO${line} of ${owner.name}`;
    if (grant.overByMs < told.sentMs) {
      this.#violation(
        `a write to ${pin} as ${grant.name} was taken at ${Math.round(told.answeredMs)}, and it was over by ${Math.round(grant.overByMs)}`,
      );
    }
    for (const other of grants) {
      if (compareTokens(other.terms.token, grant.terms.token) <= 0) continue;
      const isStale = other.toldMs <= told.sentMs && grant.overByMs < Number.POSITIVE_INFINITY;
      const isHeld = other.toldMs <= told.sentMs && other.heldUntilMs > told.answeredMs;
      if (isStale || isHeld) {
        this.#violation(
          `a write to ${pin} as ${grant.name} was taken at ${Math.round(told.answeredMs)}, sent at ${Math.round(told.sentMs)}, after ${other.name} was granted at ${Math.round(other.toldMs)}`,
        );
      }
    }
  }

  onWrong(what: string): void {
    this.#violation(what);
  }

  #violation(text: string): void {
    this.#world?.violation(this.name, text);
  }
}
