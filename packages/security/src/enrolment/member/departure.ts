import type { Clock, Logger, Timer, Unsubscribe } from "@pi-controller/runtime";
import type { NodeKey } from "../../crypto/index.ts";
import { departureStatement } from "../../trust/building/revocation.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import type { EnrolmentEvents } from "./events.ts";

export interface DepartureComponents {
  readonly trust: TrustPort;
  readonly nodeKey: NodeKey;
  readonly events: EnrolmentEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nameOf: (node: string) => string;
  /** Resolves when some other member has these, or what was published last, or when none could be told in time. */
  readonly spread: (envelopes?: readonly Envelope[]) => Promise<void>;
  /** Overwrites and removes all that this node knows of the mesh, and who it is itself; see `wipePaths`. */
  readonly wipe: () => Promise<void>;
  /** Called once when this node is no member any more, and has nothing left: the process stops, or starts anew. */
  readonly onGone: (reason: "left" | "revoked") => void;
}

/** Whoever asked for it gets his answer within this time; then the node goes. */
const ANSWER_MS = 1_000;

/** How this node leaves its mesh: by its own wish, or because it hears that it was revoked. */
export class Departure {
  readonly #components: DepartureComponents;
  #unsubscribe: Unsubscribe | undefined;
  #timer: Timer | undefined;
  #leaving = false;

  constructor(components: DepartureComponents) {
    this.#components = components;
  }

  start(): void {
    this.#unsubscribe = this.#components.trust.observe(() => this.#notice());
    this.#notice();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#timer?.cancel();
  }

  /** Says that it leaves, tells the others, and forgets everything. Resolves when all that is left is to stop. */
  async leave(correlationId?: string): Promise<void> {
    const { clock, onGone, wipe } = this.#components;
    this.#leaving = true;
    this.#timer?.cancel();
    try {
      await this.#sayGoodbye(correlationId);
      await wipe();
    } catch (error) {
      this.#leaving = false;
      throw error;
    }
    this.#timer = clock.setTimer(() => onGone("left"), ANSWER_MS);
  }

  async #sayGoodbye(correlationId: string | undefined): Promise<void> {
    const { events, nameOf, nodeKey, spread, trust } = this.#components;
    const { node } = nodeKey;
    if (!trust.view.members.has(node)) return;
    const goodbye = departureStatement(trust, trust.view, nodeKey);
    await trust.publish([goodbye]);
    events.emit("security.node.left", { node, data: { name: nameOf(node) }, correlationId });
    await spread([goodbye]);
  }

  /** Hears that the authority has revoked it: also a month later, from the first peer that it meets. */
  #notice(): void {
    const { clock, logger, nodeKey, trust } = this.#components;
    const revocation = trust.view.revocations.get(nodeKey.node);
    if (this.#leaving || revocation === undefined || trust.view.members.has(nodeKey.node)) return;
    this.#leaving = true;
    logger.warn(
      { reason: revocation.reason },
      "This node was revoked: it leaves the mesh and forgets its keys",
    );
    this.#timer = clock.setTimer(() => void this.#goRevoked(), ANSWER_MS);
  }

  /** Never rejects. */
  async #goRevoked(): Promise<void> {
    const { logger, onGone, spread, wipe } = this.#components;
    try {
      await spread();
      await wipe();
    } catch (error) {
      logger.error({ error }, "Not all that this node knew of the mesh could be removed");
    }
    onGone("revoked");
  }
}
