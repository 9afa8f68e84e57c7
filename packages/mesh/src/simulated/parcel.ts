import type { NodeId } from "@pi-controller/schema";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

export type ParcelKind = "request" | "answer" | "gossip" | "control";

interface ParcelFields {
  readonly kind: ParcelKind;
  /** Method, topic, or what is done to the connection. */
  readonly name: string;
  /** On the wire, headers included. */
  readonly bytes: number;
  /** False for what TCP repeats until it arrives. */
  readonly lossy: boolean;
  readonly from: SimulatedHost;
  readonly to: SimulatedHost;
  /** The process that it goes to; undefined for what the kernel takes, whatever its processes do. */
  readonly target: SimulatedPeer | undefined;
  readonly deliver: () => void;
  /** Who hears that there is no such process any more, when it is gone. */
  readonly refuse?: (() => void) | undefined;
}

/** One message on the wire of a simulated network. A class, so that all are of one shape: there are many. */
export class Parcel {
  readonly kind: ParcelKind;
  readonly name: string;
  readonly bytes: number;
  readonly lossy: boolean;
  readonly from: SimulatedHost;
  readonly to: SimulatedHost;
  readonly target: SimulatedPeer | undefined;
  readonly deliver: () => void;
  readonly refuse: (() => void) | undefined;

  constructor(fields: ParcelFields) {
    this.kind = fields.kind;
    this.name = fields.name;
    this.bytes = fields.bytes;
    this.lossy = fields.lossy;
    this.from = fields.from;
    this.to = fields.to;
    this.target = fields.target;
    this.deliver = fields.deliver;
    this.refuse = fields.refuse;
  }

  /** What makes, closes or tidies up a connection. */
  static control(
    name: string,
    ends: Pick<ParcelFields, "from" | "to" | "target">,
    deliver: () => void,
    { bytes = CONTROL_BYTES, refuse, lossy = false }: Partial<ParcelFields> = {},
  ): Parcel {
    return new Parcel({ kind: "control", name, bytes, lossy, ...ends, deliver, refuse });
  }
}

/** What an onlooker of a simulated network hears. */
export type WireEvent =
  | {
      readonly event: "sent" | "delivered" | "dropped";
      readonly kind: ParcelKind;
      readonly name: string;
      readonly from: NodeId;
      readonly to: NodeId;
      readonly bytes: number;
    }
  | { readonly event: "connected" | "lost"; readonly at: NodeId; readonly peer: NodeId };

/** Headers of a request or an answer with those of yamux, noise, TCP and IP: an estimate. */
export const REQUEST_OVERHEAD_BYTES = 90;
/** As above, with the signature, the key and the topic of a message of gossipsub: an estimate. */
export const GOSSIP_OVERHEAD_BYTES = 270;
/** What connecting costs each way (TCP, noise, yamux, identify): an estimate. */
export const HANDSHAKE_BYTES = 1_000;
/** Segments without payload. */
export const CONTROL_BYTES = 60;
