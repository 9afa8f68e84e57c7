import type { EventData, NodeId } from "@pi-controller/schema";

type EnrolmentEvent =
  | "security.node.admitted"
  | "security.node.revoked"
  | "security.node.left"
  | "security.join-token.overused";

/** What enrolment needs to tell what happened. */
export interface EnrolmentEvents {
  emit<Type extends EnrolmentEvent>(
    type: Type,
    event: {
      readonly node: NodeId;
      readonly data: EventData<Type>;
      readonly correlationId?: string | undefined;
    },
  ): void;
}
