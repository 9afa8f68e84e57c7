import { networkInterfaces } from "node:os";
import {
  type Clock,
  type Logger,
  type Random,
  repeat,
  type Service,
  type Timer,
} from "@pi-controller/runtime";
import type { DiscoveryStatus } from "../network.ts";
import { type LocalInterface, type ReadInterfaces, usableInterfaces } from "./interfaces.ts";
import { MdnsLink } from "./mdns-link.ts";
import type { MdnsTalk, MdnsTopic } from "./mdns-topic.ts";
import { explainMulticastError } from "./multicast-error.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What `os.networkInterfaces` says, when left out. */
  readonly interfaces?: ReadInterfaces;
}

interface Options {
  /** 5353 when left out. */
  readonly port?: number;
}

interface Spoken {
  readonly link: MdnsLink;
  failure: string | undefined;
}

const MDNS_PORT = 5353;
/** Interfaces come and go without a word. */
const RESCAN_INTERVAL_MS = 5_000;

/** Multicast DNS on every interface of this machine, for all that is to be spoken of: one socket an interface. */
export interface Mdns extends Service {
  /** Speaks of a topic from now on, on all interfaces that there are and will be. May be called before `start`. */
  speak(topic: MdnsTopic): MdnsTalk;
  status(): readonly DiscoveryStatus[];
}

class MulticastDns implements Mdns {
  readonly name = "mdns";
  readonly #components: Components;
  readonly #port: number;
  readonly #topics = new Set<MdnsTopic>();
  readonly #spoken = new Map<string, Spoken>();
  #rescanning: Timer | undefined;
  #saidNoInterface = false;
  #running = false;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#port = options.port ?? MDNS_PORT;
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#components;
    this.#running = true;
    await this.#rescan();
    this.#rescanning = repeat(
      clock,
      () => RESCAN_INTERVAL_MS,
      () => this.#rescan(),
      (error) => logger.error({ error }, "Looking for network interfaces failed"),
    );
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#rescanning?.cancel();
    const links = [...this.#spoken.values()].map(({ link }) => link);
    this.#spoken.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  speak(topic: MdnsTopic): MdnsTalk {
    this.#topics.add(topic);
    const refresh = () => {
      if (!this.#topics.has(topic)) return;
      for (const { link } of this.#spoken.values()) link.speak(topic);
    };
    refresh();
    return {
      refresh,
      end: async () => {
        this.#topics.delete(topic);
        await Promise.all([...this.#spoken.values()].map(({ link }) => link.silence(topic)));
      },
    };
  }

  status(): readonly DiscoveryStatus[] {
    return [...this.#spoken.values()].map(({ link, failure }) => ({
      interface: link.local.name,
      address: link.local.address,
      status: failure === undefined ? "active" : "failed",
      reason: failure ?? "",
    }));
  }

  async #rescan(): Promise<void> {
    const { interfaces = networkInterfaces, logger } = this.#components;
    const wanted = new Map(
      usableInterfaces(interfaces()).map((local) => [`${local.name} ${local.network}`, local]),
    );
    for (const [key, { link, failure }] of this.#spoken) {
      // One that failed is opened anew: what was wrong may be over.
      if (wanted.has(key) && failure === undefined) continue;
      if (!wanted.has(key)) logger.info(about(link.local), "A network interface has gone");
      await link.close();
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
    const link = new MdnsLink(this.#components, local, this.#port, {
      onFailure: (error) => this.#onFailure(key, error),
      onWorking: () => this.#onWorking(key),
    });
    const known = this.#spoken.get(key)?.failure;
    this.#spoken.set(key, { link, failure: known });
    try {
      await link.open();
      if (!this.#running) {
        await link.close();
        return;
      }
      for (const topic of this.#topics) link.speak(topic);
      if (known === undefined) this.#components.logger.info(about(local), "Speaking mDNS");
      // One that failed before works again when a packet has left.
    } catch (error) {
      this.#onFailure(key, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onFailure(key: string, error: Error): void {
    const spoken = this.#spoken.get(key);
    if (spoken === undefined) return;
    const reason = explainMulticastError(error, this.#port);
    if (spoken.failure !== reason) {
      this.#components.logger.warn(
        { ...about(spoken.link.local), reason },
        "mDNS does not work on a network interface",
      );
    }
    spoken.failure = reason;
  }

  #onWorking(key: string): void {
    const spoken = this.#spoken.get(key);
    if (spoken?.failure === undefined) return;
    spoken.failure = undefined;
    this.#components.logger.info(about(spoken.link.local), "mDNS works again on a network interface");
  }

  #sayWhetherCutOff(): void {
    const cutOff = [...this.#spoken.values()].every(({ link }) => link.local.loopback);
    if (cutOff && !this.#saidNoInterface) {
      this.#components.logger.warn(
        {},
        "No network interface has an IPv4 address: only peers on this machine can be found",
      );
    }
    this.#saidNoInterface = cutOff;
  }
}

function about({ name, address }: LocalInterface): { interface: string; address: string } {
  return { interface: name, address };
}

/** Multicast DNS. Nothing is opened before `start`. */
export function mdns(components: Components, options: Options = {}): Mdns {
  return new MulticastDns(components, options);
}
