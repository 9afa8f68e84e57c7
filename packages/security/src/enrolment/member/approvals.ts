import type { Clock } from "@pi-controller/runtime";
import { type Approval, type Labels, MeshError, type NodeId, type PendingNode } from "@pi-controller/schema";
import { fingerprintOf, parseSetupCode } from "../../crypto/index.ts";
import type { AuthorityKey, Keyring } from "../../keys.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import type { Acting } from "../../use-cases.ts";
import { type Admission, memberDraft } from "./admission.ts";
import { bundleFor } from "./bundle.ts";
import type { Contact, Contacts } from "./contacts.ts";
import type { EnrolmentEvents } from "./events.ts";
import { admit, greet, proveCode } from "./exchange.ts";
import type { PendingList } from "./pending-list.ts";
import { withAuthority } from "./unlock.ts";

export interface ApprovalsComponents {
  readonly trust: TrustPort;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
  readonly contacts: Contacts;
  readonly pending: PendingList;
  readonly admission: Admission;
  readonly events: EnrolmentEvents;
  readonly clock: Clock;
  /** Signs the certificates that all members wait for; left out where there are none. */
  readonly signCertificates?: ((authority: AuthorityKey) => Promise<void>) | undefined;
  /** Writes down what a new member is to be called, before it enters itself in the roster. */
  readonly enterNode: (node: NodeId, wish: NodeWish) => Promise<void>;
  /** What people call a node. */
  readonly nameOf: (node: NodeId) => string;
  readonly isAlive: (node: NodeId) => boolean;
}

/** What whoever approves wants a node to be. */
export interface NodeWish {
  readonly name?: string | undefined;
  readonly labels?: Labels | undefined;
  /** What the node calls itself. */
  readonly ownName: string;
  /** Where it was just reached: as a member it listens there, too. */
  readonly addresses: readonly string[];
}

/** Admits nodes whose set-up code somebody has entered. */
export class Approvals {
  readonly #components: ApprovalsComponents;

  constructor(components: ApprovalsComponents) {
    this.#components = components;
  }

  /** @throws MeshError as `EnrolmentUseCases.approve`; NOT_FOUND when no such node is pending */
  async approve(node: NodeId, approval: Approval, acting: Acting): Promise<PendingNode> {
    const { keyring, pending } = this.#components;
    const code = parseSetupCode(approval.code);
    if (code === undefined) throw noCode();
    const found = pending.get(node) ?? this.#interrupted(node);
    // The password first: nobody who has none tries codes through this node.
    return withAuthority(keyring, acting, approval.password, async (authority) => {
      try {
        await this.#approve(found, code, approval, authority, acting);
      } catch (error) {
        if (error instanceof MeshError) pending.note(node, error.message);
        throw error;
      }
      pending.admitted(node);
      return { ...found, problem: null };
    });
  }

  /** A node that has become a member while whoever approved it did not hear so is not pending any more. */
  #interrupted(node: NodeId): PendingNode {
    const member = this.#components.trust.view.members.get(node);
    if (member === undefined) throw notPending(node);
    const shown = { id: node, name: this.#components.nameOf(node), fingerprint: fingerprintOf(node) };
    return { ...shown, addresses: [], joinToken: null, foundAt: member.issuedAt, problem: null };
  }

  async #approve(
    node: PendingNode,
    code: string,
    approval: Approval,
    authority: AuthorityKey,
    acting: Acting,
  ): Promise<void> {
    const { contacts } = this.#components;
    try {
      const target = { node: node.id, addresses: node.addresses };
      await contacts.reach(target, (contact) => this.#meet(contact, node, code, approval, authority, acting));
    } catch (error) {
      if (!this.#isDone(node.id, error)) throw error;
    }
  }

  async #meet(
    contact: Contact,
    node: PendingNode,
    code: string,
    { name, labels }: Approval,
    authority: AuthorityKey,
    acting: Acting,
  ): Promise<void> {
    const { admission, clock, enterNode, events, signCertificates, trust } = this.#components;
    const { meshId } = trust.view;
    const { conversation } = await greet(clock, contact, meshId);
    const application = await proveCode(clock, contact, conversation, code);
    const by = { kind: "authority", user: authority.user.user.id } as const;
    const isNew = await admission.enter({
      node: node.id,
      application,
      signer: authority,
      entry: () => trust.sign(memberDraft(node.id, application.boxKey, by), [authority]),
    });
    if (isNew) {
      const data = { name: name ?? node.name, by: acting.principal.userName, joinToken: null };
      events.emit("security.node.admitted", { node: node.id, data, correlationId: acting.correlationId });
    }
    await enterNode(node.id, { name, labels, ownName: node.name, addresses: node.addresses });
    await admission.catchUp(authority);
    await signCertificates?.(authority);
    admission.checkMember();
    await admit(contact, conversation, bundleFor(node.id, trust.envelopes()));
  }

  /** Whoever was interrupted after the node had become a member finds it gone, or hears so from it. */
  #isDone(node: NodeId, error: unknown): boolean {
    const { isAlive, trust } = this.#components;
    if (!(error instanceof MeshError) || !trust.view.members.has(node)) return false;
    return error.code === "ALREADY_EXISTS" || (error.code === "UNAVAILABLE" && isAlive(node));
  }
}

function noCode(): MeshError {
  const message = "expected 20 letters and digits, as XXXXX-XXXXX-XXXXX-XXXXX";
  return new MeshError("INVALID_ARGUMENT", "That is no set-up code", {
    fields: [{ field: "code", message }],
  });
}

function notPending(node: NodeId): MeshError {
  const message = `${node} is not pending here. If multicast does not reach it, look it up by its address`;
  return new MeshError("NOT_FOUND", message);
}
