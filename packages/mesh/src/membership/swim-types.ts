import type { NodeId } from "@pi-controller/schema";
import type { DialOutcome } from "../network.ts";
import type { MemberChange, MemberUpdate, Version } from "./member.ts";

/** What a peer says of itself in each of its messages. */
export interface SelfReport extends Version {
  readonly state: "alive" | "left";
}

/** What happened. */
export type SwimInput =
  /** Time has passed. */
  | { readonly kind: "tick" }
  /** A message that this peer itself sent; `probe` when it answers that one. */
  | {
      readonly kind: "heard";
      readonly peer: NodeId;
      readonly report: SelfReport;
      readonly updates: readonly MemberUpdate[];
      readonly probe?: number | undefined;
    }
  /** The peer's belief of all members: older news than what travels with probes and gossip. */
  | {
      readonly kind: "view";
      readonly peer: NodeId;
      readonly report: SelfReport;
      readonly updates: readonly MemberUpdate[];
    }
  /** Broadcast news, perhaps relayed. */
  | { readonly kind: "news"; readonly updates: readonly MemberUpdate[] }
  /** The probe could not even be sent. */
  | { readonly kind: "unsendable"; readonly probe: number }
  /** A helper's answer: the target's report, or null when the target did not answer the helper either. */
  | {
      readonly kind: "helped";
      readonly probe: number;
      readonly helper: NodeId;
      readonly report: SelfReport | null;
    }
  | { readonly kind: "connected"; readonly peer: NodeId }
  | { readonly kind: "disconnected"; readonly peer: NodeId }
  | {
      readonly kind: "dialled";
      readonly peer: NodeId;
      readonly outcome: DialOutcome;
      readonly reason?: string | undefined;
    }
  /** All nodes that should be known. */
  | { readonly kind: "roster"; readonly ids: ReadonlySet<NodeId> }
  | { readonly kind: "forget"; readonly id: NodeId }
  | { readonly kind: "leave" };

/** What is to be done about it. */
export type SwimEffect =
  | {
      readonly kind: "probe";
      readonly probe: number;
      readonly target: NodeId;
      readonly updates: readonly MemberUpdate[];
    }
  | {
      readonly kind: "ask-helpers";
      readonly probe: number;
      readonly target: NodeId;
      readonly helpers: readonly NodeId[];
      /** A helper waits this long for the target, and says so in time when there was no answer. */
      readonly timeoutMs: number;
    }
  /** Find out what a lost connection means; the outcome comes back as `dialled`. */
  | { readonly kind: "dial"; readonly peer: NodeId }
  | { readonly kind: "broadcast"; readonly updates: readonly MemberUpdate[] }
  /** Exchange whole views. */
  | { readonly kind: "sync"; readonly peer: NodeId }
  | { readonly kind: "changed"; readonly change: MemberChange }
  /** Others know a later life of this peer than its own: its boot epoch went back, or its key was copied. */
  | { readonly kind: "outdated"; readonly claim: MemberUpdate };
