import type { Clock, Random } from "@pi-controller/runtime";
import type { LocalInterface } from "./interfaces.ts";
import { MdnsSocket } from "./mdns-socket.ts";
import { MdnsSpeaker } from "./mdns-speaker.ts";
import type { MdnsTopic } from "./mdns-topic.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
}

interface Listeners {
  onFailure(error: Error): void;
  /** A packet has left. */
  onWorking(): void;
}

/** One interface: a socket, which all topics share. */
export class MdnsLink {
  readonly local: LocalInterface;
  readonly #components: Components;
  readonly #port: number;
  readonly #listeners: Listeners;
  readonly #speakers = new Map<MdnsTopic, MdnsSpeaker>();
  /** Packets that are on their way out. */
  readonly #sending = new Set<Promise<void>>();
  #socket: MdnsSocket | undefined;
  /** What does not leave any more is nobody's business. */
  #isClosing = false;

  constructor(components: Components, local: LocalInterface, port: number, listeners: Listeners) {
    this.#components = components;
    this.local = local;
    this.#port = port;
    this.#listeners = listeners;
  }

  /** @throws the system's error when multicast cannot be spoken there */
  async open(): Promise<void> {
    this.#socket = await MdnsSocket.open(this.local, this.#port, {
      onPacket: (packet) => {
        for (const speaker of this.#speakers.values()) speaker.onPacket(packet);
      },
      onFailure: (error) => this.#listeners.onFailure(error),
    });
  }

  /** Begins with a topic, or takes in what has changed about it. Nothing is said before the link is open. */
  speak(topic: MdnsTopic): void {
    if (this.#socket === undefined) return;
    const mouth = {
      ask: (packet: Parameters<MdnsSocket["ask"]>[0]) => this.#send(this.#socket?.ask(packet)),
      tell: (packet: Parameters<MdnsSocket["tell"]>[0]) => this.#send(this.#socket?.tell(packet)),
    };
    const speaker =
      this.#speakers.get(topic) ?? new MdnsSpeaker({ ...this.#components, mouth }, this.local, topic);
    this.#speakers.set(topic, speaker);
    speaker.refresh();
  }

  /** Says goodbye as to one topic. */
  async silence(topic: MdnsTopic): Promise<void> {
    this.#speakers.get(topic)?.end();
    this.#speakers.delete(topic);
    await Promise.all(this.#sending);
  }

  /** Says goodbye as to all. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const speaker of this.#speakers.values()) speaker.end();
    this.#speakers.clear();
    await Promise.all(this.#sending);
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }

  #send(packet: Promise<void> | undefined): void {
    if (packet === undefined) return;
    const sending = packet
      .then(
        () => this.#report(undefined),
        (error: unknown) => this.#report(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  #report(failure: Error | undefined): void {
    if (this.#isClosing) return;
    if (failure === undefined) this.#listeners.onWorking();
    else this.#listeners.onFailure(failure);
  }
}
