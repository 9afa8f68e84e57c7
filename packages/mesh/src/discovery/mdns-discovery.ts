import {
  type Clock,
  Emitter,
  type Logger,
  RateLimiter,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { DiscoveredPeer, Discovery, DiscoveryStatus } from "../network.ts";
import { serviceOf } from "./discovery-tag.ts";
import { dialableOn, type LocalInterface } from "./interfaces.ts";
import type { Mdns } from "./mdns.ts";
import { MAX_STEADY_INTERVAL_MS } from "./mdns-schedule.ts";
import type { Announcement, MdnsTalk, MdnsTopic, Telling } from "./mdns-topic.ts";
import { peerOf, peerTexts } from "./peer-records.ts";

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Has to be started, and stopped after this. */
  readonly mdns: Mdns;
}

interface Options {
  readonly self: NodeId;
  /**
   * What the members of the mesh find each other by (see `discoveryTag`), newest first: announced is the newest
   * one alone, looked for are all. None, and nothing is said or asked.
   */
  readonly tags: () => readonly string[];
}

/** Discovery whose tags can change. */
export interface MdnsDiscovery extends Discovery {
  /** To be called when `tags` has changed: says goodbye under the old one, and looks for the new ones at once. */
  retag(): void;
}

/** After this long without an answer it is said that nobody answers. */
const PATIENCE_MS = 15_000;
/** A peer not heard of for so long no longer counts. */
const PEER_LIFETIME_MS = 20 * 60_000;
const MAX_PEERS = 5_000;
/** Everybody on the LAN sees the tag and can make up peers. */
const LOG_RATE = { perSecond: 1, burst: 100, maxSenders: 1 } as const;

/** Finds the peers of a mesh on the local network. */
class MeshDiscovery implements MdnsDiscovery, MdnsTopic {
  readonly name = "discovery";
  readonly longestQuestionIntervalMs = MAX_STEADY_INTERVAL_MS;
  readonly #components: Components;
  readonly #options: Options;
  readonly #events: Emitter<DiscoveredPeer>;
  /** When each was heard of last, longest ago first. */
  readonly #heardMs = new Map<NodeId, number>();
  readonly #rate = new RateLimiter(LOG_RATE);
  #addresses: readonly string[] = [];
  #talk: MdnsTalk | undefined;
  #patience: Timer | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#events = new Emitter((error) =>
      components.logger.error({ error }, "A listener of discovery failed"),
    );
  }

  async start(): Promise<void> {
    const { clock, mdns } = this.#components;
    this.#talk = mdns.speak(this);
    this.#patience = clock.setTimer(() => this.#sayWhetherAlone(), PATIENCE_MS);
  }

  async stop(): Promise<void> {
    this.#patience?.cancel();
    await this.#talk?.end();
    this.#talk = undefined;
  }

  announce(addresses: readonly string[]): void {
    this.#addresses = addresses;
    this.#talk?.refresh();
  }

  retag(): void {
    this.#talk?.refresh();
  }

  observe(listener: (peer: DiscoveredPeer) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  status(): readonly DiscoveryStatus[] {
    return this.#components.mdns.status();
  }

  browsed(): readonly string[] {
    return this.#options.tags().map(serviceOf);
  }

  announced(local: LocalInterface): Announcement | undefined {
    const [newest] = this.#options.tags();
    const addresses = dialableOn(local, this.#addresses);
    if (newest === undefined || addresses.length === 0) return undefined;
    const { self } = this.#options;
    return { service: serviceOf(newest), instance: self, texts: peerTexts(self, addresses) };
  }

  heard(telling: Telling, local: LocalInterface): void {
    const peer = peerOf(telling);
    if (telling.ttlSeconds === 0 || peer === undefined || peer.peer === this.#options.self) return;
    const { clock, logger } = this.#components;
    const nowMs = clock.monotonic();
    const isNew = !this.#heardMs.delete(peer.peer);
    this.#heardMs.set(peer.peer, nowMs);
    const [oldest] = this.#heardMs.keys();
    if (this.#heardMs.size > MAX_PEERS && oldest !== undefined) this.#heardMs.delete(oldest);
    if (isNew && this.#rate.take("", nowMs) === 0) {
      const { name, address } = local;
      logger.info({ interface: name, address, ...peer }, "Found a peer by mDNS");
    }
    this.#events.emit(peer);
  }

  knownCount(): number {
    const oldestMs = this.#components.clock.monotonic() - PEER_LIFETIME_MS;
    for (const [peer, heardMs] of this.#heardMs) {
      if (heardMs >= oldestMs) break;
      this.#heardMs.delete(peer);
    }
    return this.#heardMs.size;
  }

  #sayWhetherAlone(): void {
    if (this.#heardMs.size > 0 || this.#options.tags().length === 0) return;
    const working = this.status().filter(({ status }) => status === "active");
    const interfaces = working.map((entry) => `${entry.interface} (${entry.address})`).join(", ");
    this.#components.logger.warn(
      { interfaces: this.status() },
      working.length === 0
        ? "mDNS works on no network interface, so no peer can be found; name one with --join"
        : `No peer answered by mDNS within ${PATIENCE_MS / 1_000} s on ${interfaces}; where multicast does not get through (some Wi-Fi, VLANs, containers), name a peer with --join`,
    );
  }
}

/** Discovery of the peers of one mesh by multicast DNS. */
export function mdnsDiscovery(components: Components, options: Options): MdnsDiscovery {
  return new MeshDiscovery(components, options);
}
