import type { AddressBook, Membership } from "@pi-controller/mesh";
import type { NodeUseCases, Roster } from "@pi-controller/nodes";
import { Enrolment, type EnrolmentComponents, type TrustNews } from "@pi-controller/security";
import type { Events } from "@pi-controller/telemetry";

/** What enrolment needs of the other parts of a member; the rest is its own. */
export interface MemberEnrolmentComponents
  extends Pick<
    EnrolmentComponents,
    | "trust"
    | "secrets"
    | "keyring"
    | "nodeKey"
    | "clock"
    | "random"
    | "logger"
    | "discovery"
    | "openPendingNetwork"
    | "signCertificates"
    | "wipe"
    | "onGone"
  > {
  readonly addressBook: AddressBook;
  readonly membership: Pick<Membership, "members">;
  readonly events: Events;
  readonly roster: Pick<Roster, "nameOf">;
  readonly nodes: Pick<NodeUseCases, "admit">;
  readonly news: TrustNews;
}

/** Who comes into the mesh and who goes, connected with the other parts of a member. */
export function createMemberEnrolment(components: MemberEnrolmentComponents): Enrolment {
  const { addressBook, events, membership, news, nodeKey, nodes, roster, trust } = components;
  return new Enrolment({
    ...components,
    trust,
    events: {
      emit: (type, { node, data, correlationId }) =>
        void events.emit(type, {
          node,
          data,
          ...(correlationId === undefined ? {} : { correlationId }),
        }),
    },
    aliveMembers: () => [
      nodeKey.node,
      ...[...membership.members().values()].filter(({ state }) => state === "alive").map(({ id }) => id),
    ],
    nameOf: (id) => roster.nameOf(id) ?? id,
    async enterNode(id, wish) {
      // Where multicast does not reach, nobody else would know where it is.
      const addresses = wish.addresses.map((address) => address.replace(/\/p2p\/[^/]+$/, ""));
      addressBook.add(id, addresses);
      await nodes.admit(id, wish);
    },
    tellBeforeCut: (id, envelopes) => news.tell(id, envelopes),
    spread: (envelopes) => news.spread(envelopes),
  });
}
