import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/**
 * A join token admits as many nodes as it says, as far as one sponsor goes: members that do not reach each other may
 * admit more with it together, which none of them can know.
 */
export class TokensAreCounted implements Invariant {
  readonly name = "join tokens";
  readonly #told = new Set<string>();

  check(world: World): void {
    for (const { isRunning, peer } of world.machines) {
      if (!isRunning || peer === undefined) continue;
      const { joinTokens, members } = peer.core.trust.view;
      const entries = [...members.values()].flatMap(({ admittedBy }) =>
        admittedBy.kind === "join-token" ? [admittedBy] : [],
      );
      for (const [key, admitted] of Map.groupBy(entries, ({ sponsor, token }) => `${token} ${sponsor}`)) {
        const [{ sponsor, token } = { sponsor: "", token: "" }] = admitted;
        const uses = joinTokens.get(token)?.uses ?? Number.POSITIVE_INFINITY;
        const machine = world.machine(sponsor);
        if (admitted.length <= uses || this.#told.has(key)) continue;
        if (machine === undefined || world.forgetful.has(machine)) continue;
        this.#told.add(key);
        world.violation(
          this.name,
          `${machine.name} admitted ${admitted.length} nodes with the token ${token} for ${uses}`,
        );
      }
    }
  }
}
