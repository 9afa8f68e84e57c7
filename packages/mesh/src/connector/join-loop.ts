import { lookup } from "node:dns/promises";
import { backoffMs, type Clock, type Logger, type Random, sleep } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { DialResult, Network } from "../network.ts";
import { addressesOf, type JoinTarget, parseJoinTarget } from "./join-target.ts";

/** @returns IP addresses; throws when the name is not known */
export type LookUpHost = (host: string) => Promise<readonly string[]>;

interface Components {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly lookUpHost: LookUpHost;
}

const DIAL_TIMEOUT_MS = 5_000;
const BACKOFF = { initialMs: 1_000, maximumMs: 15_000, jitterFraction: 0.2 } as const;
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
    const { clock, random } = this.#components;
    for (let failures = 0; !signal.aborted; ) {
      const result = await this.#dial();
      if (result.peer !== undefined && result.outcome === "connected") {
        failures = 0;
        this.#sayJoined(result.peer);
        await this.#whileKnown(result.peer, signal);
      } else {
        // One that is no member is refused by the network, which says so.
        failures++;
        this.#sayFailed(result);
        await pause(clock, backoffMs(failures, BACKOFF, random), signal);
      }
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
