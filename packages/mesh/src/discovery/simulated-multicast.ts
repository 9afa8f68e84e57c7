import type { Clock, Random } from "@pi-controller/runtime";
import type { Packet } from "dns-packet";
import type { LocalInterface } from "./interfaces.ts";
import { MdnsSpeaker } from "./mdns-speaker.ts";
import type { MdnsTalk, MdnsTopic } from "./mdns-topic.ts";

/** From one machine of a local network to all others. */
const LATENCY_MS = 1;

interface Options {
  /** Share of what is multicast that each of the other machines misses, as over Wi-Fi; 0 when left out. */
  readonly lossFraction?: number;
}

/** One local network on which all machines hear what is multicast, themselves included. */
export class SimulatedMulticast {
  readonly #components: { readonly clock: Clock; readonly random: Random };
  readonly #lossFraction: number;
  readonly #speakers = new Set<MdnsSpeaker>();
  /** Packets that were multicast: each is heard by every machine. */
  readonly sent = { questions: 0, answers: 0 };

  constructor(components: { readonly clock: Clock; readonly random: Random }, options: Options = {}) {
    this.#components = components;
    this.#lossFraction = options.lossFraction ?? 0;
  }

  /** Has another machine speak of a topic. @param address its IPv4 address */
  speak(topic: MdnsTopic, address: string): MdnsTalk {
    const local: LocalInterface = {
      name: "eth0",
      address,
      addresses: [address],
      loopback: false,
      network: `${address}/16`,
    };
    const mouth = {
      ask: (packet: Packet) => {
        this.sent.questions++;
        this.#multicast(speaker, { ...packet, type: "query" });
      },
      tell: (packet: Packet) => {
        this.sent.answers++;
        this.#multicast(speaker, { ...packet, type: "response" });
      },
    };
    const speaker: MdnsSpeaker = new MdnsSpeaker({ ...this.#components, mouth }, local, topic);
    this.#speakers.add(speaker);
    speaker.refresh();
    return {
      refresh: () => speaker.refresh(),
      end: async () => {
        speaker.end();
        this.#speakers.delete(speaker);
      },
    };
  }

  #multicast(from: MdnsSpeaker, packet: Packet): void {
    const { clock, random } = this.#components;
    clock.setTimer(() => {
      for (const speaker of [...this.#speakers]) {
        const isLost = this.#lossFraction > 0 && speaker !== from && random.next() < this.#lossFraction;
        if (!isLost) speaker.onPacket(packet);
      }
    }, LATENCY_MS);
  }
}
