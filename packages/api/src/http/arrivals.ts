import type { Socket } from "node:net";
import { type Clock, RateLimiter, type Timer } from "@pi-controller/runtime";

export interface ArrivalLimits {
  /** Of all kinds, in whatever state. */
  readonly maxConnections: number;
  /** From one client; this machine itself has no such bound. */
  readonly maxConnectionsPerAddress: number;
  /** New ones of one client; this machine itself has no such bound. */
  readonly connectionsPerSecond: number;
  readonly connectionBurst: number;
  /** For how many clients the rate is remembered. */
  readonly maxRateLimitedAddresses: number;
  /** That have not shown yet what they are: the first byte and, with TLS, the whole handshake are to come. */
  readonly maxHandshakes: number;
  /** Within this time they must have. */
  readonly handshakeTimeoutMs: number;
}

/**
 * Counts the connections that there are, and keeps those that have not shown what they are few and short-lived:
 * where there are too many the oldest goes, since an honest one takes no time.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #limits: ArrivalLimits;
  readonly #rate: RateLimiter;
  readonly #sockets = new Set<Socket>();
  readonly #perClient = new Map<string, number>();
  /** In the order of their coming. */
  readonly #pending = new Map<Socket, Timer>();

  constructor({ clock }: { readonly clock: Clock }, limits: ArrivalLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#rate = new RateLimiter({
      perSecond: limits.connectionsPerSecond,
      burst: limits.connectionBurst,
      maxSenders: limits.maxRateLimitedAddresses,
    });
  }

  /**
   * Takes a new connection in, as one of which nothing is known yet.
   *
   * @param client who counts as one, undefined where that is not counted
   * @returns false when there is no room; it is destroyed then
   */
  add(socket: Socket, client: string | undefined): boolean {
    if (!this.#hasRoom(client)) {
      socket.destroy();
      return false;
    }
    const { maxHandshakes, handshakeTimeoutMs } = this.#limits;
    this.#sockets.add(socket);
    if (client !== undefined) this.#perClient.set(client, this.#countOf(client) + 1);
    socket.once("close", () => this.#remove(socket, client));
    this.#pending.set(
      socket,
      this.#clock.setTimer(() => socket.destroy(), handshakeTimeoutMs),
    );
    if (this.#pending.size > maxHandshakes) this.#dropOldest();
    return true;
  }

  /** It has shown what it is: from here on others watch over it. */
  settle(socket: Socket): void {
    this.#pending.get(socket)?.cancel();
    this.#pending.delete(socket);
  }

  /** Closes those that have not shown what they are. */
  closePending(): void {
    for (const socket of this.#pending.keys()) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get size(): number {
    return this.#sockets.size;
  }

  get pending(): number {
    return this.#pending.size;
  }

  #hasRoom(client: string | undefined): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (this.#sockets.size >= maxConnections) return false;
    if (client === undefined) return true;
    if (this.#countOf(client) >= maxConnectionsPerAddress) return false;
    return this.#rate.take(client, this.#clock.monotonic()) === 0;
  }

  #countOf(client: string): number {
    return this.#perClient.get(client) ?? 0;
  }

  #dropOldest(): void {
    for (const oldest of this.#pending.keys()) {
      this.settle(oldest);
      oldest.destroy();
      return;
    }
  }

  #remove(socket: Socket, client: string | undefined): void {
    this.settle(socket);
    this.#sockets.delete(socket);
    if (client === undefined) return;
    const left = this.#countOf(client) - 1;
    if (left <= 0) this.#perClient.delete(client);
    else this.#perClient.set(client, left);
  }
}
