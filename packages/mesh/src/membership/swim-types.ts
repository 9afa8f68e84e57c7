import type { NodeId } from "@pi-controller/schema";
import type { DialOutcome } from "../network.ts";
import type { MemberChange, MemberUpdate } from "./member.ts";
import type { SelfReport } from "./self-report.ts";

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
  /** Broadcast news, of which `peer` is the author. */
  | { readonly kind: "news"; readonly peer: NodeId; readonly updates: readonly MemberUpdate[] }
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
  /** `isMissed`: it should be connected, so that what the loss means has to be found out. */
  | { readonly kind: "disconnected"; readonly peer: NodeId; readonly isMissed: boolean }
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
  /** `teller` passed on what the member has not said of itself: it and the rest of the message were left out. */
  | { readonly kind: "unproven"; readonly teller: NodeId; readonly update: MemberUpdate }
  /** Others know a later life of this peer than its own: its boot epoch went back, or its key was copied. */
  | { readonly kind: "outdated"; readonly claim: MemberUpdate };
