import { MeshError, type NodeId, type RevocationRequest } from "@pi-controller/schema";
import type { NodeKey } from "../../crypto/index.ts";
import type { AuthorityKey, Keyring } from "../../keys.ts";
import { revocationStatements } from "../../trust/building/revocation.ts";
import { type Envelope, memberSchema, statementSchema } from "../../trust/statements.ts";
import type { TrustPort, TrustView } from "../../trust/trust-port.ts";
import type { Acting } from "../../use-cases.ts";
import { Turns } from "../turns.ts";
import type { EnrolmentEvents } from "./events.ts";
import { withAuthority } from "./unlock.ts";

export interface RevocationsComponents {
  readonly trust: TrustPort;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
  readonly events: EnrolmentEvents;
  readonly nodeKey: Pick<NodeKey, "node">;
  /** Tells a connected node of statements. Resolves soon, whether it has them or not. */
  readonly tellBeforeCut: (node: NodeId, envelopes: readonly Envelope[]) => Promise<void>;
  /** What people call a node. */
  readonly nameOf: (node: NodeId) => string;
}

/** Cuts nodes off, and changes what they knew. */
export class Revocations {
  readonly #components: RevocationsComponents;
  readonly #turns = new Turns();

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
    const { members, revocations } = trust.view;
    if (!members.has(node) && !revocations.has(node)) {
      throw new MeshError("NOT_FOUND", `${node} is no member of this mesh`);
    }
    // One at a time: each begins the epoch of the mesh secret after the one before.
    const revoke = async (authority: AuthorityKey) => {
      const view = this.#viewToRevoke(node);
      if (view === undefined) return;
      const statements = await revocationStatements(trust, view, node, reason, authority);
      // As soon as it is published here the node is cut off, here and everywhere: an honest one should know why.
      await this.#tell(node, statements);
      await trust.publish(statements);
      const data = { name: nameOf(node), by: acting.principal.userName, reason };
      events.emit("security.node.revoked", { node, data, correlationId: acting.correlationId });
    };
    await withAuthority(keyring, acting, password, (authority) => this.#turns.take(() => revoke(authority)));
  }

  /**
   * Whoever holds a stolen node learns a moment early what he would learn anyway. The node passes it on at once: with
   * the entries that no longer stand on its word, or others would cut those off, and this node with them.
   */
  async #tell(node: NodeId, statements: readonly Envelope[]): Promise<void> {
    const { nodeKey, tellBeforeCut } = this.#components;
    if (node === nodeKey.node) return;
    const read = statements.map((envelope) => ({
      envelope,
      statement: statementSchema.parse(JSON.parse(envelope.statement)),
    }));
    const rank = ({ statement }: (typeof read)[number]) => {
      if (statement.kind === "revocation") return 0;
      if (statement.kind !== "member") return undefined;
      return statement.node === nodeKey.node ? 1 : 2;
    };
    const told = [0, 1, 2].flatMap((wanted) => read.filter((one) => rank(one) === wanted));
    await tellBeforeCut(
      node,
      told.map(({ envelope }) => envelope),
    );
  }

  /**
   * A view in which the node is a member; undefined when it has been revoked. One that said itself that it left
   * counts as a member: whoever has stolen it may have said so, and knows the mesh secret.
   */
  #viewToRevoke(node: NodeId): TrustView | undefined {
    const { trust } = this.#components;
    const { view } = trust;
    if (view.members.has(node)) return view;
    const [entry] = trust.envelopes([`member/${node}`]);
    if (entry === undefined || view.revocations.get(node)?.by !== node) return undefined;
    const member = memberSchema.parse(JSON.parse(entry.statement));
    return { ...view, members: new Map(view.members).set(node, member) };
  }
}
