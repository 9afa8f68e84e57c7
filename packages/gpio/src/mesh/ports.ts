import type { ReadonlyDocument, WritableDocument } from "@pi-controller/document";
import type { Unsubscribe } from "@pi-controller/runtime";
import type { MembershipState, NodeId } from "@pi-controller/schema";

/** Port: the nodes whose pins there are: those that were admitted, as this peer has verified it. */
export interface GpioNodes {
  /** This one among them. */
  all(): readonly NodeId[];
  /** What people call it; its id when it has no name. */
  nameOf(node: NodeId): string;
  /** What is believed of it now; of this one `alive`. */
  stateOf(node: NodeId): MembershipState;
  /** Calls back with each node of which something else is believed than before. */
  observe(listener: (node: NodeId) => void): Unsubscribe;
}

/** Port: what was agreed. */
export interface GpioDocuments {
  readonly mesh: WritableDocument;
  /** Any node's own document; empty as long as none is known. */
  node(id: NodeId): ReadonlyDocument;
}

/** Wall clock in ms since 1970 that never lies before what is known to have happened. */
export type TrustedNow = () => number;
