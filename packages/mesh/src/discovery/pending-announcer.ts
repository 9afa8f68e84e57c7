import type { NodeId } from "@pi-controller/schema";
import { dialableOn, type LocalInterface } from "./interfaces.ts";
import type { Mdns } from "./mdns.ts";
import { MAX_STEADY_INTERVAL_MS } from "./mdns-schedule.ts";
import type { Announcement, MdnsTalk, MdnsTopic } from "./mdns-topic.ts";
import type { PendingAnnouncer } from "./pending.ts";
import { PENDING_SERVICE, pendingTexts } from "./pending-records.ts";

interface Components {
  /** Has to be started, and stopped after this. */
  readonly mdns: Mdns;
}

interface Options {
  readonly self: NodeId;
  /** What this node calls itself: a host name. */
  readonly name: string;
  /** The id of the join token that it carries: never the token itself. */
  readonly joinToken?: string | undefined;
}

/** Tells the local network of this peer, and asks and understands nothing. */
class Announcer implements PendingAnnouncer, MdnsTopic {
  readonly name = "pending-announcer";
  readonly longestQuestionIntervalMs = MAX_STEADY_INTERVAL_MS;
  readonly #mdns: Mdns;
  readonly #options: Options;
  #addresses: readonly string[] = [];
  #talk: MdnsTalk | undefined;

  constructor(components: Components, options: Options) {
    this.#mdns = components.mdns;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#talk = this.#mdns.speak(this);
  }

  async stop(): Promise<void> {
    await this.#talk?.end();
    this.#talk = undefined;
  }

  announce(addresses: readonly string[]): void {
    this.#addresses = addresses;
    this.#talk?.refresh();
  }

  browsed(): readonly string[] {
    return [];
  }

  announced(local: LocalInterface): Announcement | undefined {
    const { self: peer, name, joinToken } = this.#options;
    const addresses = dialableOn(local, this.#addresses);
    if (addresses.length === 0) return undefined;
    const token = joinToken === undefined ? {} : { joinToken };
    return {
      service: PENDING_SERVICE,
      instance: peer,
      texts: pendingTexts({ peer, addresses, name, ...token }),
    };
  }

  knownCount(): number {
    return 0;
  }

  heard(): void {}
}

/** Makes an unclaimed peer known to the members of whatever mesh on the local network. */
export function pendingAnnouncer(components: Components, options: Options): PendingAnnouncer {
  return new Announcer(components, options);
}
