import type { PeerGate } from "@pi-controller/mesh";
import type { NodeId } from "@pi-controller/schema";
import type { TrustPort } from "./trust-port.ts";

/** Lets valid members in, and nobody else. */
export function trustGate(trust: Pick<TrustPort, "view" | "observe">, self: NodeId): PeerGate {
  return {
    allows: (peer) => peer === self || trust.view.members.has(peer),
    observe(listener) {
      let { members } = trust.view;
      return trust.observe((view) => {
        const gone = [...members.keys()].some((node) => !view.members.has(node));
        ({ members } = view);
        if (gone) listener();
      });
    },
  };
}
