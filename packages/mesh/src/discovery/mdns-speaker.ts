import type { Clock, Random, Timer } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Packet } from "dns-packet";
import type { DiscoveredPeer } from "../network.ts";
import { dialableOn, type LocalInterface } from "./interfaces.ts";
import { announcement, isQuestionFor, peersIn, question } from "./mdns-records.ts";
import { ANNOUNCEMENT_DELAYS_MS, answerDelayMs, questionDelayMs } from "./mdns-schedule.ts";
import { MdnsSocket } from "./mdns-socket.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
}

export interface SpeakerOptions {
  readonly self: NodeId;
  readonly service: string;
  readonly port: number;
}

interface Listeners {
  onPeer(peer: DiscoveredPeer): void;
  onFailure(error: Error): void;
  /** A packet has left after one had failed to, or for the first time. */
  onWorking(): void;
  /** How many peers are known, on all interfaces. */
  knownPeers(): number;
}

/** Asks, answers and announces on one interface. */
export class MdnsSpeaker {
  readonly local: LocalInterface;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: SpeakerOptions;
  readonly #listeners: Listeners;
  readonly #announcing = new Set<Timer>();
  #socket: MdnsSocket | undefined;
  #addresses: readonly string[] = [];
  #asking: Timer | undefined;
  #answering: Timer | undefined;
  #asked = 0;
  #answeredMs = Number.NEGATIVE_INFINITY;

  constructor(components: Components, local: LocalInterface, options: SpeakerOptions, listeners: Listeners) {
    this.local = local;
    this.#clock = components.clock;
    this.#random = components.random;
    this.#options = options;
    this.#listeners = listeners;
  }

  /** @throws the system's error when multicast cannot be spoken there */
  async open(): Promise<void> {
    this.#socket = await MdnsSocket.open(this.local, this.#options.port, {
      onPacket: (packet) => this.#onPacket(packet),
      onFailure: (error) => this.#listeners.onFailure(error),
    });
    this.#askLater();
  }

  /** Says goodbye first, to those who heard of this peer. */
  async close(): Promise<void> {
    this.#asking?.cancel();
    this.#answering?.cancel();
    this.#stopAnnouncing();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    if (this.#addresses.length > 0) {
      // It is lost like any packet: nothing depends on it.
      await socket
        .tell(announcement(this.#options.service, this.#options.self, this.#addresses, 0))
        .catch(() => undefined);
    }
    await socket.close();
  }

  /** @param addresses all of this peer's; those that can be dialled over this interface are told there */
  announce(addresses: readonly string[]): void {
    const dialable = dialableOn(this.local, addresses);
    if (dialable.join() === this.#addresses.join()) return;
    this.#addresses = dialable;
    this.#stopAnnouncing();
    if (dialable.length === 0) return;
    for (const delayMs of ANNOUNCEMENT_DELAYS_MS) {
      const timer = this.#clock.setTimer(() => {
        this.#announcing.delete(timer);
        this.#tell();
      }, delayMs);
      this.#announcing.add(timer);
    }
  }

  #onPacket(packet: Packet): void {
    if (packet.type === "query") {
      if (isQuestionFor(this.#options.service, packet)) this.#onQuestion();
      return;
    }
    for (const peer of peersIn(this.#options.service, packet)) {
      if (peer.peer !== this.#options.self) this.#listeners.onPeer(peer);
    }
  }

  #onQuestion(): void {
    if (this.#answering === undefined && this.#addresses.length > 0) {
      const sinceLastMs = this.#clock.monotonic() - this.#answeredMs;
      this.#answering = this.#clock.setTimer(
        () => {
          this.#answering = undefined;
          this.#tell();
        },
        answerDelayMs(sinceLastMs, this.#random),
      );
    }
    // Everybody answers everybody: once somebody has asked, nobody else needs to for a while.
    if (this.#asked > 0) this.#askLater();
  }

  #tell(): void {
    this.#answeredMs = this.#clock.monotonic();
    const packet = announcement(this.#options.service, this.#options.self, this.#addresses);
    this.#report(this.#socket?.tell(packet));
  }

  #askLater(): void {
    this.#asking?.cancel();
    this.#asking = this.#clock.setTimer(
      () => {
        this.#asked++;
        this.#askLater();
        this.#report(this.#socket?.ask(question(this.#options.service)));
      },
      questionDelayMs(this.#asked, this.#listeners.knownPeers(), this.#random),
    );
  }

  #report(sending: Promise<void> | undefined): void {
    sending?.then(
      () => this.#listeners.onWorking(),
      (error: unknown) =>
        this.#listeners.onFailure(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #stopAnnouncing(): void {
    for (const timer of this.#announcing) timer.cancel();
    this.#announcing.clear();
  }
}
