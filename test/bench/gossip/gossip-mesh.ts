/** Peers in this process that gossip with each other over TCP on loopback. */
export interface GossipMesh {
  readonly name: string;
  /** Starts peers and connects each one to its neighbours in the overlay that the connector keeps. */
  start(count: number): Promise<void>;
  /** @param author which peer says it, from 0 */
  publish(author: number, payload: Uint8Array): Promise<void>;
  /** Called for every message that a peer gets from another one. */
  onDelivery(listener: (peer: number, payload: Uint8Array) => void): void;
  stop(): Promise<void>;
}

export const TOPIC = "events";
/** At most this many handshakes at a time: the start is not what is measured. */
export const DIALS_AT_A_TIME = 8;

/** Runs tasks, a few at a time. */
export async function inTurns(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...tasks];
  const worker = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: DIALS_AT_A_TIME }, worker));
}
