import type { Clock, Random } from "@pi-controller/runtime";
import type { Packet } from "dns-packet";
import type { LocalInterface } from "./interfaces.ts";
import { MdnsSpeaker } from "./mdns-speaker.ts";
import type { MdnsTalk, MdnsTopic } from "./mdns-topic.ts";

/** From one machine of a local network to all others. */
const LATENCY_MS = 1;

/** One local network on which all machines hear all that is multicast, themselves included. */
export class SimulatedMulticast {
  readonly #components: { readonly clock: Clock; readonly random: Random };
  readonly #speakers = new Set<MdnsSpeaker>();
  /** Packets that were multicast: each is heard by every machine. */
  readonly sent = { questions: 0, answers: 0 };

  constructor(components: { readonly clock: Clock; readonly random: Random }) {
    this.#components = components;
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
        this.#multicast({ ...packet, type: "query" });
      },
      tell: (packet: Packet) => {
        this.sent.answers++;
        this.#multicast({ ...packet, type: "response" });
      },
    };
    const speaker = new MdnsSpeaker({ ...this.#components, mouth }, local, topic);
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

  #multicast(packet: Packet): void {
    this.#components.clock.setTimer(() => {
      for (const speaker of [...this.#speakers]) speaker.onPacket(packet);
    }, LATENCY_MS);
  }
}
