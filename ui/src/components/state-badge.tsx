import type { MembershipState } from "@pi-controller/schema";
import { useSession } from "../session/session-context.ts";
import { Icon } from "./icon.tsx";

/** What each state means, for who hovers or asks. */
export const stateMeanings: Readonly<Record<MembershipState, string>> = {
  alive: "answers",
  suspect: "did not answer just now; others are being asked",
  dead: "does not answer any more",
  left: "said that it stops",
  unknown: "not heard of yet, or no peer runs there",
};

/** A state by colour, sign and word. While the peer that told it is gone, it says what was. */
export function StateBadge({ state }: { readonly state: MembershipState }) {
  const { lost } = useSession();
  return (
    <span class={`badge badge-${state}`} title={stateMeanings[state]}>
      <Icon name={state} />
      {lost.value && state !== "unknown" ? `was ${state}` : state}
    </span>
  );
}
