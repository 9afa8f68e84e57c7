import { backoffMs, type Clock, type Logger, type Random, sleep } from "@pi-controller/runtime";
import { type EnrolmentKnock, MeshError, type NodeId } from "@pi-controller/schema";
import { type JoinTokenSecret, joinTokenSigningKey, toBase64Url } from "../../crypto/index.ts";
import type { SigningKey } from "../../trust/trust-port.ts";
import { knockBytes } from "../protocol/knock.ts";
import { httpsKnock } from "./https-knock.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where this node can be dialled. */
  readonly addresses: () => readonly string[];
  readonly send?: typeof httpsKnock;
}

interface Options {
  readonly self: NodeId;
  readonly name: string;
  readonly token: JoinTokenSecret;
  /** Origins of members' APIs. */
  readonly origins: readonly string[];
  /** When this program was made, in ms since 1970: it is not earlier. */
  readonly buildDateMs: number;
}

/** Until it is admitted: whoever took a knock may have been busy, or gone a moment later. */
const AGAIN = { initialMs: 10_000, maximumMs: 5 * 60_000, jitterFraction: 0.2 };
/** As many as a knock may hold. */
const MAX_ADDRESSES = 16;

/** Tells members that multicast does not reach that a node with a join token waits here. */
export class Knocker {
  readonly #components: Components;
  readonly #options: Options;
  readonly #key: SigningKey;
  #stopping = new AbortController();
  #knocking: Promise<void> = Promise.resolve();

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#key = joinTokenSigningKey(options.token);
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#knocking = this.#knock(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#knocking;
  }

  /** Never rejects. */
  async #knock(signal: AbortSignal): Promise<void> {
    const { clock, logger, random } = this.#components;
    for (let count = 1; !signal.aborted; count++) {
      for (const origin of this.#options.origins) await this.#knockAt(origin, signal);
      try {
        await sleep(clock, backoffMs(count, AGAIN, random), signal);
      } catch (error) {
        if (!signal.aborted)
          logger.error({ error }, "This node knocks no more at the members it was told of");
        return;
      }
    }
  }

  async #knockAt(origin: string, signal: AbortSignal): Promise<void> {
    const { logger, send = httpsKnock } = this.#components;
    const addresses = this.#components.addresses().slice(0, MAX_ADDRESSES);
    if (addresses.length === 0 || signal.aborted) return;
    try {
      await send(origin, this.#signed(addresses), signal);
      logger.info({ origin }, "Told a member that this node waits to be admitted with its join token");
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof MeshError ? error.message : String(error);
      logger.info({ origin, reason }, "A member could not be told that this node waits");
    }
  }

  #signed(addresses: readonly string[]): EnrolmentKnock {
    const { buildDateMs, name, self, token } = this.#options;
    const at = new Date(Math.max(this.#components.clock.now(), buildDateMs)).toISOString();
    const knock = { node: self, name, joinToken: token.id, addresses: [...addresses], at };
    return { ...knock, signature: toBase64Url(this.#key.sign(knockBytes(knock))) };
  }
}
