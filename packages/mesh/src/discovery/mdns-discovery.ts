import { networkInterfaces } from "node:os";
import {
  type Clock,
  Emitter,
  type Logger,
  type Random,
  repeat,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { DiscoveredPeer, Discovery, DiscoveryStatus } from "../network.ts";
import { type LocalInterface, type ReadInterfaces, usableInterfaces } from "./interfaces.ts";
import { serviceNameOf } from "./mdns-records.ts";
import { MdnsSpeaker } from "./mdns-speaker.ts";
import { explainMulticastError } from "./multicast-error.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What `os.networkInterfaces` says, when left out. */
  readonly interfaces?: ReadInterfaces;
}

interface Options {
  readonly self: NodeId;
  readonly meshName: string;
  /** 5353 when left out. */
  readonly port?: number;
}

interface Spoken {
  readonly speaker: MdnsSpeaker;
  failure: string | undefined;
}

const MDNS_PORT = 5353;
/** Interfaces come and go without a word. */
const RESCAN_INTERVAL_MS = 5_000;
/** After this long without an answer it is said that nobody answers. */
const PATIENCE_MS = 15_000;
/** A peer not heard of for so long no longer counts. */
const PEER_LIFETIME_MS = 20 * 60_000;
const MAX_PEERS = 5_000;

/** Finds the peers of a mesh on the local network by multicast DNS, on every interface of this machine. */
class MdnsDiscovery implements Discovery {
  readonly name = "discovery";
  readonly #components: Components;
  readonly #logger: Logger;
  readonly #options: Required<Options> & { readonly service: string };
  readonly #events: Emitter<DiscoveredPeer>;
  readonly #spoken = new Map<string, Spoken>();
  readonly #heardMs = new Map<NodeId, number>();
  #addresses: readonly string[] = [];
  #rescanning: Timer | undefined;
  #patience: Timer | undefined;
  #saidNoInterface = false;
  #running = false;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#logger = components.logger;
    this.#options = { port: MDNS_PORT, ...options, service: serviceNameOf(options.meshName) };
    this.#events = new Emitter((error) =>
      components.logger.error({ error }, "A listener of discovery failed"),
    );
  }

  async start(): Promise<void> {
    const { clock } = this.#components;
    this.#running = true;
    await this.#rescan();
    this.#rescanning = repeat(
      clock,
      () => RESCAN_INTERVAL_MS,
      () => this.#rescan(),
      (error) => this.#logger.error({ error }, "Looking for network interfaces failed"),
    );
    this.#patience = clock.setTimer(() => this.#sayWhetherAlone(), PATIENCE_MS);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#rescanning?.cancel();
    this.#patience?.cancel();
    const speakers = [...this.#spoken.values()].map(({ speaker }) => speaker);
    this.#spoken.clear();
    await Promise.all(speakers.map((speaker) => speaker.close()));
  }

  announce(addresses: readonly string[]): void {
    this.#addresses = addresses;
    for (const { speaker } of this.#spoken.values()) speaker.announce(addresses);
  }

  observe(listener: (peer: DiscoveredPeer) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  status(): readonly DiscoveryStatus[] {
    return [...this.#spoken.values()].map(({ speaker, failure }) => ({
      interface: speaker.local.name,
      address: speaker.local.address,
      status: failure === undefined ? "active" : "failed",
      reason: failure ?? "",
    }));
  }

  async #rescan(): Promise<void> {
    this.#forgetOldPeers();
    const found = usableInterfaces((this.#components.interfaces ?? networkInterfaces)());
    const wanted = new Map(found.map((local) => [`${local.name} ${local.network}`, local]));
    for (const [key, { speaker, failure }] of this.#spoken) {
      // One that failed is opened anew: what was wrong may be over.
      if (wanted.has(key) && failure === undefined) continue;
      if (!wanted.has(key)) this.#logger.info(about(speaker.local), "A network interface has gone");
      await speaker.close();
      if (!wanted.has(key)) this.#spoken.delete(key);
    }
    for (const [key, local] of wanted) {
      if (!this.#running) return;
      if (this.#spoken.get(key)?.failure === undefined && this.#spoken.has(key)) continue;
      await this.#speakOn(key, local);
    }
    this.#sayWhetherCutOff();
  }

  async #speakOn(key: string, local: LocalInterface): Promise<void> {
    const { clock, random } = this.#components;
    const speaker = new MdnsSpeaker({ clock, random }, local, this.#options, {
      onPeer: (peer) => this.#onPeer(peer, local),
      onFailure: (error) => this.#onFailure(key, error),
      onWorking: () => this.#onWorking(key),
      knownPeers: () => this.#heardMs.size,
    });
    const known = this.#spoken.get(key)?.failure;
    this.#spoken.set(key, { speaker, failure: known });
    try {
      await speaker.open();
      if (!this.#running) await speaker.close();
      speaker.announce(this.#addresses);
      if (known === undefined) this.#logger.info(about(local), "Looking for peers by mDNS");
      // One that failed before works again when a packet has left.
    } catch (error) {
      this.#onFailure(key, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onPeer(peer: DiscoveredPeer, local: LocalInterface): void {
    const isNew = !this.#heardMs.delete(peer.peer);
    this.#heardMs.set(peer.peer, this.#components.clock.monotonic());
    const [oldest] = this.#heardMs.keys();
    if (this.#heardMs.size > MAX_PEERS && oldest !== undefined) this.#heardMs.delete(oldest);
    if (isNew) this.#logger.info({ ...about(local), ...peer }, "Found a peer by mDNS");
    this.#events.emit(peer);
  }

  #forgetOldPeers(): void {
    const oldestMs = this.#components.clock.monotonic() - PEER_LIFETIME_MS;
    for (const [peer, heardMs] of this.#heardMs) if (heardMs < oldestMs) this.#heardMs.delete(peer);
  }

  #onFailure(key: string, error: Error): void {
    const spoken = this.#spoken.get(key);
    if (spoken === undefined) return;
    const reason = explainMulticastError(error, this.#options.port);
    if (spoken.failure !== reason) {
      this.#logger.warn(
        { ...about(spoken.speaker.local), reason },
        "mDNS does not work on a network interface",
      );
    }
    spoken.failure = reason;
  }

  #onWorking(key: string): void {
    const spoken = this.#spoken.get(key);
    if (spoken?.failure === undefined) return;
    spoken.failure = undefined;
    this.#logger.info(about(spoken.speaker.local), "mDNS works again on a network interface");
  }

  #sayWhetherCutOff(): void {
    const cutOff = [...this.#spoken.values()].every(({ speaker }) => speaker.local.loopback);
    if (cutOff && !this.#saidNoInterface) {
      this.#logger.warn(
        {},
        "No network interface has an IPv4 address: only peers on this machine can be found",
      );
    }
    this.#saidNoInterface = cutOff;
  }

  #sayWhetherAlone(): void {
    if (this.#heardMs.size > 0) return;
    const working = this.status().filter(({ status }) => status === "active");
    const interfaces = working.map((entry) => `${entry.interface} (${entry.address})`).join(", ");
    this.#logger.warn(
      { interfaces: this.status() },
      working.length === 0
        ? "mDNS works on no network interface, so no peer can be found; name one with --join"
        : `No peer answered by mDNS within ${PATIENCE_MS / 1_000} s on ${interfaces}; where multicast does not get through (some Wi-Fi, VLANs, containers), name a peer with --join`,
    );
  }
}

function about({ name, address }: LocalInterface): { interface: string; address: string } {
  return { interface: name, address };
}

/** Discovery by multicast DNS. Nothing is opened before `start`. */
export function mdnsDiscovery(components: Components, options: Options): Discovery {
  return new MdnsDiscovery(components, options);
}
