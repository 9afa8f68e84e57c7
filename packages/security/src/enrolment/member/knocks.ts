import { type Clock, RateLimiter } from "@pi-controller/runtime";
import { type EnrolmentKnock, MeshError, type NodeId } from "@pi-controller/schema";
import { fromBase64Url, verifySignature } from "../../crypto/index.ts";
import { senderOf } from "../../limits/address.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import { knockBytes } from "../protocol/knock.ts";
import { joinTokenState } from "./join-token-state.ts";
import type { PendingNodeClaim } from "./pending-list.ts";

interface Components {
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly clock: Pick<Clock, "monotonic">;
}

const ALL = "all";
const MAX_SENDERS = 1_000;
/** Nodes whose last knock is remembered; the one that knocked longest ago is forgotten when there are more. */
const MAX_NODES = 256;
/** A node whose clock was set back is heard again after this. */
const REMEMBERED_MS = 10 * 60_000;

/** Decides which knocks of nodes that carry a join token are believed, and so cost this member a dial. */
export class Knocks {
  readonly #components: Components;
  readonly #limit = new RateLimiter({ perSecond: 0.2, burst: 5, maxSenders: MAX_SENDERS });
  readonly #limitOfAll = new RateLimiter({ perSecond: 2, burst: 20, maxSenders: 1 });
  readonly #last = new Map<NodeId, { readonly atMs: number; readonly heardMs: number }>();

  constructor(components: Components) {
    this.#components = components;
  }

  /**
   * @param address of whoever sent it
   * @throws MeshError RESOURCE_EXHAUSTED with `retryAfterMs`; PERMISSION_DENIED when no token that is good now has
   *   signed it (which of the reasons is not told), or when it is not newer than what was heard of the node before
   */
  believe(knock: EnrolmentKnock, address: string): PendingNodeClaim {
    const nowMs = this.#components.clock.monotonic();
    const waitMs = this.#limit.take(senderOf(address), nowMs) || this.#limitOfAll.take(ALL, nowMs);
    if (waitMs > 0) {
      const details = { retryAfterMs: Math.ceil(waitMs) };
      throw new MeshError("RESOURCE_EXHAUSTED", "There are too many knocks", details);
    }
    if (!this.#isGenuine(knock) || !this.#isNew(knock, nowMs)) {
      throw new MeshError("PERMISSION_DENIED", "This is no knock of a node with a join token that is good");
    }
    const { node, name, joinToken, addresses } = knock;
    return { id: node, name, joinToken, addresses };
  }

  #isGenuine(knock: EnrolmentKnock): boolean {
    const { trust } = this.#components;
    const token = trust.view.joinTokens.get(knock.joinToken);
    const key = fromBase64Url(token?.publicKey ?? "", 32);
    const signature = fromBase64Url(knock.signature, 64);
    if (token === undefined || key === undefined || signature === undefined) return false;
    const state = joinTokenState(token, trust.view.usesOf(token.id), trust.now());
    // A node whose admission was cut short has used its token up itself.
    const isItsOwn = trust.view.members.get(knock.node)?.admittedBy.token === token.id;
    return (state === "valid" || isItsOwn) && verifySignature(key, knockBytes(knock), signature);
  }

  #isNew({ at, node }: EnrolmentKnock, nowMs: number): boolean {
    const atMs = Date.parse(at);
    const last = this.#last.get(node);
    if (last !== undefined && nowMs - last.heardMs < REMEMBERED_MS && atMs <= last.atMs) return false;
    this.#last.delete(node);
    this.#last.set(node, { atMs, heardMs: nowMs });
    const [longestAgo] = this.#last.keys();
    if (this.#last.size > MAX_NODES && longestAgo !== undefined) this.#last.delete(longestAgo);
    return true;
  }
}
