import type { Clock } from "@pi-controller/runtime";
import type { SimulatedConnection } from "./simulated-connection.ts";
import type { SimulatedLinks } from "./simulated-links.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

/**
 * How long a connection outlives a cut link or a process that does not answer. The libp2p adapter's
 * keep-alive gives up after about the same time.
 */
export const SILENCE_LIMIT_MS = 20_000;

interface Components {
  readonly clock: Clock;
  readonly links: SimulatedLinks;
}

/**
 * Gives up connections whose other end has been silent for too long, as the keep-alive of the libp2p adapter does.
 * It is told of everything that may make one silent, and looks again when the time is up.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #links: SimulatedLinks;

  constructor(components: Components) {
    this.#clock = components.clock;
    this.#links = components.links;
  }

  watch(connection: SimulatedConnection): void {
    this.#clock.setTimer(() => {
      const { local, remote } = connection;
      if (local.connections.of(remote.self) !== connection) return;
      const sinceMs = this.#silentSinceMs(connection);
      if (sinceMs === undefined || this.#clock.monotonic() - sinceMs < SILENCE_LIMIT_MS) return;
      const other = remote.connections.of(local.self);
      this.#giveUp(connection);
      if (other?.remote === local) this.#giveUp(other);
    }, SILENCE_LIMIT_MS);
  }

  /** To be called when something may have happened to all connections of a process. */
  watchAll(peer: SimulatedPeer): void {
    for (const connection of peer.connections.all()) this.watch(connection);
  }

  /** Who stands still gives up nothing: he counts how often he has asked in vain, and asks nobody. */
  #giveUp(connection: SimulatedConnection): void {
    const { local, remote, serials } = connection;
    if (!local.host.runs(local)) return;
    local.hangUp(connection);
    local.loseConnectionTo(remote.self, serials);
  }

  /** Monotonic ms since when nothing is heard over a connection, at the latest; undefined when something is. */
  #silentSinceMs({ local, remote, serials }: SimulatedConnection): number | undefined {
    // It will not speak any more, or knows nothing of this connection.
    if (remote.host.peer !== remote || !remote.connections.counts(serials)) return -Infinity;
    const reasons: number[] = [];
    for (const { host } of [local, remote]) if (host.state !== "on") reasons.push(host.stateSinceMs);
    const { self: one } = local;
    const { self: other } = remote;
    for (const sinceMs of [this.#links.cutSinceMs(one, other), this.#links.cutSinceMs(other, one)]) {
      if (sinceMs !== undefined) reasons.push(sinceMs);
    }
    return reasons.length === 0 ? undefined : Math.min(...reasons);
  }
}
