import { type Clock, RateLimiter } from "@pi-controller/runtime";
import { MeshError, type RevocationAnswer, type RevocationQuestion } from "@pi-controller/schema";
import { fromBase64Url, publicKeyOfNode, SIGNATURE_BYTES, verifySignature } from "../../crypto/index.ts";
import { senderOf } from "../../limits/address.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import { revocationQuestionBytes } from "../protocol/revocation-question.ts";

interface Components {
  readonly trust: Pick<TrustPort, "view" | "envelopes">;
  readonly clock: Pick<Clock, "monotonic">;
}

const ALL = "all";
const MAX_SENDERS = 1_000;
const NOTHING: RevocationAnswer = { envelopes: [] };

/**
 * Tells a node that was revoked so, however late it asks: members speak with it in no other way any more. A member
 * that is out of reach gets the mesh secret that is sealed to it: one whose card was put back to an older copy knows
 * none that anybody takes. Remembers nobody who asked.
 */
export class RevocationAnswers {
  readonly #components: Components;
  readonly #limit = new RateLimiter({ perSecond: 0.2, burst: 10, maxSenders: MAX_SENDERS });
  readonly #limitOfAll = new RateLimiter({ perSecond: 5, burst: 50, maxSenders: 1 });

  constructor(components: Components) {
    this.#components = components;
  }

  /**
   * Nothing for a stranger and whoever asks in another one's name: they cannot tell these apart.
   *
   * @param address of whoever asks
   * @throws MeshError RESOURCE_EXHAUSTED with `retryAfterMs`
   */
  answer({ node, signature }: RevocationQuestion, address: string): RevocationAnswer {
    const { clock, trust } = this.#components;
    const nowMs = clock.monotonic();
    const waitMs = this.#limit.take(senderOf(address), nowMs) || this.#limitOfAll.take(ALL, nowMs);
    if (waitMs > 0) {
      const details = { retryAfterMs: Math.ceil(waitMs) };
      throw new MeshError("RESOURCE_EXHAUSTED", "There are too many questions", details);
    }
    const { members, revocations } = trust.view;
    // First what costs nothing.
    if ((!revocations.has(node) && !members.has(node)) || !this.#isItself(node, signature)) return NOTHING;
    const keys = revocations.has(node)
      ? [`revocation/${node}`, `departure/${node}`]
      : [`mesh-secret/${node}`];
    return { envelopes: [...trust.envelopes(keys)] };
  }

  #isItself(node: string, signature: string): boolean {
    const key = publicKeyOfNode(node);
    const value = fromBase64Url(signature, SIGNATURE_BYTES);
    if (key === undefined || value === undefined) return false;
    return verifySignature(key, revocationQuestionBytes(this.#components.trust.view.meshId, node), value);
  }
}
