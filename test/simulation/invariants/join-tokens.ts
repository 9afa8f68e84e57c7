import type { RunningPeer } from "../world/compose-peer.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/**
 * A sponsor admits nobody with a join token that has admitted as many nodes as it may, as far as the sponsor knows:
 * members that do not reach each other may admit more with it together.
 */
export class TokensAreCounted implements Invariant {
  readonly name = "join tokens";
  /** Nodes that each process knew to be admitted with each token, at the last look. */
  readonly #known = new WeakMap<RunningPeer, ReadonlyMap<string, ReadonlySet<string>>>();

  check(world: World): void {
    for (const { isRunning, name, peer } of world.machines) {
      if (!isRunning || peer === undefined) continue;
      const { joinTokens, members } = peer.core.trust.view;
      const known = this.#known.get(peer);
      const admitted = new Map<string, Set<string>>();
      for (const { admittedBy, node } of members.values()) {
        if (admittedBy.kind !== "join-token") continue;
        const { sponsor, token } = admittedBy;
        admitted.set(token, (admitted.get(token) ?? new Set()).add(node));
        const before = known?.get(token);
        const uses = joinTokens.get(token)?.uses;
        if (sponsor !== peer.id || uses === undefined || before === undefined) continue;
        if (before.has(node) || before.size < uses) continue;
        const problem = `admitted ${world.machine(node)?.name} with the token ${token}, which had admitted`;
        world.violation(this.name, `${name} ${problem} ${before.size} of ${uses}`);
      }
      this.#known.set(peer, admitted);
    }
  }
}
