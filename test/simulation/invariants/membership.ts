import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Two that can reach each other must not take each other for dead for longer. */
const MAX_FALSELY_DEAD_MS = 30_000;

/** Nobody who can be reached is taken for dead for long; in the end everybody is known to be alive. */
export class MembershipIsTrue implements Invariant {
  readonly name = "membership";
  /** Since when one could reach another and took it for dead, by the two and their starts. */
  readonly #falselyDead = new Map<string, number>();

  check(world: World): void {
    const nowMs = world.clock.monotonic();
    const seen = new Set<string>();
    const running = world.machines.filter(({ isRunning }) => isRunning);
    for (const one of running) {
      for (const [id, { state }] of one.peer?.core.membership.members() ?? []) {
        if (state !== "dead") continue;
        const other = world.machine(id);
        if (other === undefined || !world.reach(one, other)) continue;
        const pair = `${one.name} (start ${one.peer?.bootEpoch}) takes ${other.name} (start ${other.peer?.bootEpoch}) for dead`;
        seen.add(pair);
        const sinceMs = this.#falselyDead.get(pair) ?? nowMs;
        this.#falselyDead.set(pair, sinceMs);
        if (nowMs - sinceMs < MAX_FALSELY_DEAD_MS) continue;
        world.violation(this.name, `${pair}, which it can reach, for ${Math.round(nowMs - sinceMs)} ms`);
        this.#falselyDead.set(pair, Number.POSITIVE_INFINITY);
      }
    }
    for (const pair of this.#falselyDead.keys()) if (!seen.has(pair)) this.#falselyDead.delete(pair);
  }

  *settled(world: World): Iterable<string> {
    const members = world.machines.filter(({ gone, peer }) => peer !== undefined && gone === undefined);
    for (const one of members) {
      for (const other of members) {
        const state = one.peer?.core.membership.member(other.id)?.state ?? "not there";
        if (state !== "alive") yield `${one.name} believes ${other.name} to be ${state}`;
      }
    }
  }
}
