import type { SimulatedMachine } from "../../simulation/world/simulated-machine.ts";
import type { World } from "../../simulation/world/world.ts";

/** What messages are for. */
export const protocols = [
  "membership",
  "metrics",
  "documents",
  "events",
  "trust",
  "gpio",
  "connections",
  "other",
] as const;
export type Protocol = (typeof protocols)[number];

export interface Rate {
  /** Sent and received, a peer and second. */
  readonly messages: number;
  /** Also sent and received, a peer and second, with what transport adds. */
  readonly bytes: number;
}

export interface TrafficRates {
  readonly rates: Readonly<Record<Protocol, Rate>>;
  readonly dialsPerPeer: number;
}

/**
 * What requests and answers take besides their payloads was measured over libp2p, both together: see the budget of
 * metrics in packages/telemetry. The simulated network reckons with less.
 */
const MEASURED_OVERHEAD_BYTES = 450;
const SIMULATED_OVERHEAD_BYTES = 90;
/** What a byte of payload takes, with headers of packets and acknowledgements. */
const BYTES_PER_BYTE = 1.1;

/** What machines have sent and received until a moment. */
export function trafficOf(world: World, machines: readonly SimulatedMachine[]): TrafficUntil {
  const until = new TrafficUntil();
  for (const { id } of machines) {
    const { connectionsOpened, received, sent } = world.hub.countersOf(id);
    until.dials += connectionsOpened / 2;
    for (const { answers, control, gossip, requests } of [sent, received]) {
      for (const part of [requests, answers]) until.add(part, true);
      for (const part of [gossip, control]) until.add(part, false);
    }
  }
  return until;
}

class TrafficUntil {
  dials = 0;
  readonly #sums = new Map<Protocol, { messages: number; bytes: number }>();

  add(tallies: ReadonlyMap<string, { messages: number; bytes: number }>, isRequest: boolean): void {
    for (const [name, { bytes, messages }] of tallies) {
      const sum = this.#of(protocolOf(name));
      const missing = isRequest ? MEASURED_OVERHEAD_BYTES - BYTES_PER_BYTE * SIMULATED_OVERHEAD_BYTES : 0;
      sum.messages += messages;
      sum.bytes += BYTES_PER_BYTE * bytes + missing * messages;
    }
  }

  /** @param nodeSeconds how many peers, times how long */
  since(before: TrafficUntil, nodeSeconds: number): TrafficRates {
    const rateOf = (protocol: Protocol): Rate => {
      const [now, then] = [this.#of(protocol), before.#of(protocol)];
      return {
        messages: (now.messages - then.messages) / nodeSeconds,
        bytes: (now.bytes - then.bytes) / nodeSeconds,
      };
    };
    const rates = Object.fromEntries(protocols.map((protocol) => [protocol, rateOf(protocol)]));
    return {
      rates: rates as Record<Protocol, Rate>,
      dialsPerPeer: (this.dials - before.dials) / nodeSeconds,
    };
  }

  #of(protocol: Protocol): { messages: number; bytes: number } {
    const sum = this.#sums.get(protocol) ?? { messages: 0, bytes: 0 };
    this.#sums.set(protocol, sum);
    return sum;
  }
}

/** @param name a method, a topic, or what is done to a connection */
function protocolOf(name: string): Protocol {
  const [first = "", second = ""] = name.split(".");
  switch (first) {
    case "gossip":
      return protocolOf(second);
    case "membership":
    case "metrics":
    case "events":
    case "trust":
    case "gpio":
      return first;
    case "document":
      return "documents";
    case "dial":
    case "close":
    case "accept":
    case "cancel":
    case "refuse":
      return "connections";
    default:
      return "other";
  }
}
