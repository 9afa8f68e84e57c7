import type { Gossip, GossipMessage } from "@pi-controller/mesh";
import type { Logger } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Intake, RemoteUpdate } from "../intake.ts";
import { meshClient } from "../names.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { UPDATE_TOPIC, type UpdateHeader, updateHeaderSchema } from "./messages.ts";

/** Larger updates are announced only: gossip sends everything to everybody several times. */
const MAX_BROADCAST_BYTES = 64 * 1024;
/** Peers of which a bad message is reported; how many more there are does not matter. */
const MAX_REPORTED = 1000;

export interface BroadcasterComponents {
  readonly gossip: Gossip;
  readonly intake: Intake;
  readonly logger: Logger;
  /** Something of this peer's has not arrived: `gap` when it is certain, `soon` when it may be on its way. */
  readonly onMissing: (peer: NodeId, urgency: "gap" | "soon") => void;
}

/** Tells all peers of this one's updates, and takes in theirs. What gets lost is repaired by exchanges. */
export class Broadcaster {
  readonly #gossip: Gossip;
  readonly #intake: Intake;
  readonly #logger: Logger;
  readonly #onMissing: (peer: NodeId, urgency: "gap" | "soon") => void;
  readonly #reported = new Set<NodeId>();

  constructor(components: BroadcasterComponents) {
    this.#gossip = components.gossip;
    this.#intake = components.intake;
    this.#logger = components.logger;
    this.#onMissing = components.onMissing;
  }

  /** @param update of this peer's writing alone, and on its disk */
  publish(header: UpdateHeader, update: Uint8Array): void {
    const frame = encodeFrame(header, update.length > MAX_BROADCAST_BYTES ? [] : [update]);
    this.#gossip.publish(UPDATE_TOPIC, frame).catch((error: unknown) => {
      this.#logger.warn({ error }, "Could not broadcast an update; others will fetch it");
    });
  }

  /** Never throws. */
  async receive({ from, payload }: GossipMessage): Promise<void> {
    try {
      const { header, parts } = decodeFrame(updateHeaderSchema, payload);
      const [update] = parts;
      if (update === undefined) {
        this.#onMissing(from, "soon");
        return;
      }
      const outcome = await this.#intake.receive(remoteUpdate(from, header, update));
      if (outcome.kind === "gap") this.#onMissing(from, "gap");
      if (outcome.kind === "unannounced") this.#onMissing(from, "soon");
      if (outcome.kind === "malformed") this.#report(from, outcome.reason);
    } catch (error) {
      // What cannot be stored now is fetched later; the committer says why it could not.
      if (error instanceof MeshError && error.code !== "INVALID_ARGUMENT") return;
      this.#report(from, error);
    }
  }

  /** Each peer once: who sends garbage once may send a lot of it. */
  #report(peer: NodeId, problem: unknown): void {
    if (this.#reported.has(peer) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(peer);
    this.#logger.warn({ peer, problem }, "Skipped an update; more of this peer's will not be reported");
  }
}

function remoteUpdate(from: NodeId, header: UpdateHeader, update: Uint8Array): RemoteUpdate {
  if (header.kind === "node") return { kind: "node", node: from, guid: header.guid, update };
  const author = meshClient(from, header.epoch);
  return { kind: "mesh", update, isAuthor: (client) => client === author };
}
