import { lookup } from "node:dns/promises";
import { backoffMs, type Clock, type Logger, type Random, sleep } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { PeerGate } from "../gate/gate.ts";
import type { DialResult, Network } from "../network.ts";
import { addressesOf, type JoinTarget, parseJoinTarget } from "./join-target.ts";

/** @returns IP addresses; throws when the name is not known */
export type LookUpHost = (host: string) => Promise<readonly string[]>;

interface Components {
  readonly network: Network;
  readonly gate: PeerGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly lookUpHost: LookUpHost;
}

const DIAL_TIMEOUT_MS = 5_000;
const BACKOFF = { initialMs: 1_000, maximumMs: 15_000, jitterFraction: 0.2 } as const;
/** A peer that is no member may become one, or make room for another; this one is told at once when it does. */
const STRANGER_BACKOFF = { initialMs: 15_000, maximumMs: 5 * 60_000, jitterFraction: 0.2 } as const;
/** How often to look whether the peer that answered is still with us. */
const CHECK_INTERVAL_MS = 5_000;

/** Dials one place that an operator named, until the mesh knows who is there. */
export class JoinLoop {
  readonly #components: Components;
  readonly #text: string;
  readonly #target: JoinTarget;
  readonly #isMember: (peer: NodeId) => boolean;
  #lastReason: string | undefined;

  /**
   * @param isMember whether a peer is in the roster, from where the connector redials it
   * @throws MeshError INVALID_ARGUMENT for what is no place to dial
   */
  constructor(components: Components, text: string, isMember: (peer: NodeId) => boolean) {
    this.#components = components;
    this.#text = text;
    this.#target = parseJoinTarget(text);
    this.#isMember = isMember;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, gate, random } = this.#components;
    for (let failures = 0; !signal.aborted; ) {
      const result = await this.#dial();
      const { peer } = result;
      if (peer !== undefined && !gate.allows(peer)) {
        failures++;
        await this.#turnAway(peer);
        await this.#whileStranger(peer, backoffMs(failures, STRANGER_BACKOFF, random), signal);
      } else if (peer !== undefined && result.outcome === "connected") {
        failures = 0;
        this.#sayJoined(peer);
        await this.#whileKnown(peer, signal);
      } else {
        failures++;
        this.#sayFailed(result);
        await pause(clock, backoffMs(failures, BACKOFF, random), signal);
      }
    }
  }

  async #turnAway(peer: NodeId): Promise<void> {
    const reason = `the peer that answers there, ${peer}, is not a member of this mesh`;
    this.#sayFailed({ outcome: "unreachable", reason });
    const { logger, network } = this.#components;
    await network
      .disconnect(peer)
      .catch((error: unknown) => logger.debug({ peer, error }, "A connection could not be closed"));
  }

  /** Waits, but no longer than until the gate lets the peer pass. */
  async #whileStranger(peer: NodeId, durationMs: number, signal: AbortSignal): Promise<void> {
    const { clock, gate } = this.#components;
    const admitted = new AbortController();
    const unsubscribe = gate.observe(() => {
      if (gate.allows(peer)) admitted.abort(new Error("it is a member now"));
    });
    try {
      await pause(clock, durationMs, AbortSignal.any([signal, admitted.signal]));
    } finally {
      unsubscribe();
    }
  }

  async #dial(): Promise<DialResult> {
    const { lookUpHost, network } = this.#components;
    let hosts: readonly string[] = [];
    try {
      if (this.#target.kind === "host") hosts = await lookUpHost(this.#target.host);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { outcome: "unreachable", reason: `the name cannot be looked up: ${why}` };
    }
    return network.dial({ addresses: addressesOf(this.#target, hosts) }, DIAL_TIMEOUT_MS);
  }

  /** A peer that answered once but is neither connected nor in the roster may have been replaced. */
  async #whileKnown(peer: NodeId, signal: AbortSignal): Promise<void> {
    const { clock, network } = this.#components;
    const isConnected = () => network.status().connections.some((connection) => connection.peer === peer);
    do await pause(clock, CHECK_INTERVAL_MS, signal);
    while (!signal.aborted && (this.#isMember(peer) || isConnected()));
  }

  #sayJoined(peer: NodeId): void {
    this.#lastReason = undefined;
    this.#components.logger.info({ target: this.#text, peer }, "Joined the mesh through a peer");
  }

  /** Once a reason: it is tried for ever. */
  #sayFailed({ outcome, reason = outcome }: DialResult): void {
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    const fields = { target: this.#text, reason };
    this.#components.logger.warn(fields, `Cannot join the mesh through ${this.#text} yet: ${reason}`);
  }
}

/** As the system resolves names, `.local` ones included where it is set up for them. */
export async function lookUpHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
