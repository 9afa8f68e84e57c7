import { createSocket, type Socket } from "node:dgram";
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet } from "dns-packet";
import { isFrom, type LocalInterface } from "./interfaces.ts";

const GROUP = "224.0.0.251";
/** RFC 6762 section 11. */
const TTL = 255;

/** The most that a packet may have (RFC 6762 section 17). */
const MAX_PACKET_BYTES = 9_000;

interface Listeners {
  onPacket(packet: Packet): void;
  /** The socket is of no use any more. */
  onFailure(error: Error): void;
}

/** Speaks multicast DNS on one interface. */
export class MdnsSocket {
  readonly #socket: Socket;
  readonly #port: number;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
  }

  /**
   * @param port 5353, but in tests
   * @throws the system's error when the interface does not allow it
   */
  static async open(local: LocalInterface, port: number, listeners: Listeners): Promise<MdnsSocket> {
    // Shared with Avahi and with the other peers of this machine.
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    try {
      await bind(socket, port);
      socket.addMembership(GROUP, local.address);
      // Sends there without asking the routing table, so that no default route is needed.
      socket.setMulticastInterface(local.address);
      socket.setMulticastTTL(TTL);
      socket.setMulticastLoopback(true);
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on("error", (error) => listeners.onFailure(error));
    socket.on("message", (message, source) => {
      const packet = isFrom(local, source.address) ? decodePacket(message) : undefined;
      if (packet !== undefined) listeners.onPacket(packet);
    });
    return new MdnsSocket(socket, port);
  }

  /** @throws the system's error when the packet cannot leave */
  ask(packet: Packet): Promise<void> {
    return this.#send({ ...packet, type: "query" });
  }

  /** @throws the system's error when the packet cannot leave */
  tell(packet: Packet): Promise<void> {
    return this.#send({ ...packet, type: "response", flags: AUTHORITATIVE_ANSWER });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #send(packet: Packet): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(encode(packet), this.#port, GROUP, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** To all addresses: bound to one of them a socket would not hear multicast. */
function bind(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, () => {
      socket.removeListener("error", reject);
      resolve();
    });
  });
}

/** What is no DNS packet is skipped: anybody on the network can send anything. */
function decodePacket(message: Buffer): Packet | undefined {
  if (message.byteLength > MAX_PACKET_BYTES) return undefined;
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}
