import { MeshError, type NodeId, type RevocationRequest } from "@pi-controller/schema";
import type { Keyring } from "../../keys.ts";
import { adoptSponsored } from "../../trust/building/members.ts";
import { meshSecretStatements, nextMeshSecret } from "../../trust/building/mesh-secrets.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import type { Acting } from "../../use-cases.ts";
import type { EnrolmentEvents } from "./events.ts";
import { withAuthority } from "./unlock.ts";

export interface RevocationsComponents {
  readonly trust: TrustPort;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
  readonly events: EnrolmentEvents;
  /** What people call a node. */
  readonly nameOf: (node: NodeId) => string;
}

/** Cuts nodes off, and changes what they knew. */
export class Revocations {
  readonly #components: RevocationsComponents;

  constructor(components: RevocationsComponents) {
    this.#components = components;
  }

  /**
   * All of it is published in one step: that the node is out, and for everybody else the mesh secret of a new
   * epoch, which needs nobody's hand. Revoking again a node that is revoked changes nothing.
   *
   * @throws MeshError NOT_FOUND when the node was never a member, and as `Keyring`
   */
  async revoke(node: NodeId, { password, reason = "" }: RevocationRequest, acting: Acting): Promise<void> {
    const { events, keyring, nameOf, trust } = this.#components;
    if (this.#memberVersion(node) === 0)
      throw new MeshError("NOT_FOUND", `${node} is no member of this mesh`);
    await withAuthority(keyring, acting, password, async (authority) => {
      const by = authority.user.user.id;
      if (!this.#isToBeRevoked(node)) return;
      const { view } = trust;
      const draft = {
        kind: "revocation",
        node,
        memberVersion: this.#memberVersion(node),
        reason,
        by,
      } as const;
      const others = [...view.members.values()].filter((member) => member.node !== node);
      const secret = nextMeshSecret(view);
      await trust.publish([
        ...adoptSponsored(trust, view, node, authority),
        trust.sign(draft, [authority]),
        ...(await meshSecretStatements(trust, others, secret, authority)),
      ]);
      secret.secret.fill(0);
      const data = { name: nameOf(node), by: acting.principal.userName, reason };
      events.emit("security.node.revoked", { node, data, correlationId: acting.correlationId });
    });
  }

  #memberVersion(node: NodeId): number {
    return this.#components.trust.nextVersion(`member/${node}`) - 1;
  }

  /** A member, or one that said itself that it left, which the authority has not said yet. */
  #isToBeRevoked(node: NodeId): boolean {
    const { members, revocations } = this.#components.trust.view;
    return members.has(node) || revocations.get(node)?.by === node;
  }
}
