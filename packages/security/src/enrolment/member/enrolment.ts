import { type LookUpHost, lookUpHost, type Network, type PendingDiscovery } from "@pi-controller/mesh";
import type { Clock, Logger, Random, Service, Unsubscribe } from "@pi-controller/runtime";
import type {
  Approval,
  Confirmation,
  EnrolmentKnock,
  JoinTokenRequest,
  JoinTokenView,
  NewJoinToken,
  NodeId,
  PendingNode,
  PendingNodeLookup,
  RevocationAnswer,
  RevocationQuestion,
  RevocationRequest,
} from "@pi-controller/schema";
import type { NodeKey } from "../../crypto/index.ts";
import type { AuthorityKey, Keyring } from "../../keys.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { TrustPort, TrustView } from "../../trust/trust-port.ts";
import type { Acting, EnrolmentUseCases, RequestOrigin } from "../../use-cases.ts";
import { Admission, type KnownSecrets } from "./admission.ts";
import { Approvals, type NodeWish } from "./approvals.ts";
import { Contacts } from "./contacts.ts";
import { Departure } from "./departure.ts";
import type { EnrolmentEvents } from "./events.ts";
import { JoinTokens } from "./join-tokens.ts";
import { Knocks } from "./knocks.ts";
import { lookUpPending } from "./look-up.ts";
import { PendingList } from "./pending-list.ts";
import { RevocationAnswers } from "./revocation-answers.ts";
import { Revocations } from "./revocations.ts";
import { TokenAdmission } from "./token-admission.ts";
import { unlockUser } from "./unlock.ts";

export interface EnrolmentComponents {
  readonly trust: TrustPort;
  readonly keyring: Keyring;
  readonly nodeKey: NodeKey;
  /** `MeshSecrets` of this node. */
  readonly secrets: KnownSecrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: EnrolmentEvents;
  /** Left out where there is no multicast. */
  readonly discovery?: PendingDiscovery | undefined;
  /** See `Contacts`. */
  readonly openPendingNetwork: () => Promise<Network>;
  /** Members that are believed alive. */
  readonly aliveMembers: () => readonly NodeId[];
  /** What people call a node. */
  readonly nameOf: (node: NodeId) => string;
  /** Writes down what a new member is to be called and its labels; called again by an approval that is repeated. */
  readonly enterNode: (node: NodeId, wish: NodeWish) => Promise<void>;
  /** Signs the certificates that members wait for; left out where there are none. */
  readonly signCertificates?: ((authority: AuthorityKey) => Promise<void>) | undefined;
  /** Tells a connected node of statements. Resolves soon, whether it has them or not. */
  readonly tellBeforeCut: (node: NodeId, envelopes: readonly Envelope[]) => Promise<void>;
  /** Resolves when some other member has these, or what was published last, or when none could be told in time. */
  readonly spread: (envelopes?: readonly Envelope[]) => Promise<void>;
  /** Overwrites and removes all that this node knows of the mesh, and who it is itself; see `wipePaths`. */
  readonly wipe: () => Promise<void>;
  /** Called once when this node is no member any more, and has nothing left: the process stops, or starts anew. */
  readonly onGone: (reason: "left" | "revoked") => void;
  readonly lookUpHost?: LookUpHost;
}

/** Who comes into the mesh and who goes, as any member serves it. */
export class Enrolment implements EnrolmentUseCases, Service {
  readonly name = "enrolment";
  readonly #components: EnrolmentComponents;
  readonly #contacts: Contacts;
  readonly #pending: PendingList;
  readonly #approvals: Approvals;
  readonly #joinTokens: JoinTokens;
  readonly #tokenAdmission: TokenAdmission;
  readonly #knocks: Knocks;
  readonly #revocations: Revocations;
  readonly #revocationAnswers: RevocationAnswers;
  readonly #departure: Departure;
  readonly #unsubscribe: Unsubscribe[] = [];
  /** How often each token had been used when it was last told that this is too often. */
  readonly #overused = new Map<string, number>();

  constructor(components: EnrolmentComponents) {
    this.#components = components;
    const { aliveMembers, discovery, openPendingNetwork } = components;
    this.#contacts = new Contacts({ openPendingNetwork });
    this.#pending = new PendingList({ ...components, discovery });
    const shared = {
      ...components,
      pending: this.#pending,
      admission: new Admission(components),
    };
    const isAlive = (node: NodeId) => aliveMembers().includes(node);
    this.#approvals = new Approvals({ ...shared, contacts: this.#contacts, isAlive });
    this.#joinTokens = new JoinTokens(components);
    // Ones of its own: whoever makes many nodes up that say to carry a token keeps no person waiting.
    const contacts = new Contacts({ openPendingNetwork });
    this.#tokenAdmission = new TokenAdmission({ ...shared, contacts });
    this.#knocks = new Knocks(components);
    this.#revocations = new Revocations(components);
    this.#revocationAnswers = new RevocationAnswers(components);
    this.#departure = new Departure(components);
  }

  async start(): Promise<void> {
    const { discovery, trust } = this.#components;
    this.#unsubscribe.push(
      this.#pending.follow(),
      trust.observe((view) => this.#tellOveruse(view)),
    );
    this.#tokenAdmission.start();
    this.#departure.start();
    for (const node of this.#pending.all()) this.#tokenAdmission.consider(node);
    if (discovery === undefined) return;
    const stop = discovery.observe(({ kind, peer }) => {
      const joinToken = peer.joinToken ?? null;
      if (kind === "found") this.#tokenAdmission.consider({ id: peer.peer, joinToken });
      else this.#tokenAdmission.forget(peer.peer);
    });
    this.#unsubscribe.push(stop);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#tokenAdmission.stop();
    this.#departure.stop();
  }

  /** A node that is a member and alive may still be announced for a moment; one that is not alive was interrupted. */
  pending(): readonly PendingNode[] {
    const { aliveMembers, trust } = this.#components;
    const alive = new Set(aliveMembers());
    return this.#pending.all().filter(({ id }) => !(trust.view.members.has(id) && alive.has(id)));
  }

  async lookUp({ address }: PendingNodeLookup, _acting: Acting): Promise<PendingNode> {
    const { clock, trust } = this.#components;
    const components = { clock, trust, contacts: this.#contacts, pending: this.#pending };
    const lookUp = this.#components.lookUpHost ?? lookUpHost;
    const node = await lookUpPending({ ...components, lookUpHost: lookUp }, address);
    this.#tokenAdmission.consider(node, 0);
    return node;
  }

  /**
   * Takes note of a node that carries a join token and says by itself where it waits. Anybody may say so: it is
   * believed when the token has signed it.
   *
   * @throws MeshError RESOURCE_EXHAUSTED, PERMISSION_DENIED
   */
  knock(knock: EnrolmentKnock, origin: Pick<RequestOrigin, "address">): void {
    const node = this.#pending.add(this.#knocks.believe(knock, origin.address));
    // No other member has heard it.
    this.#tokenAdmission.consider(node, 0);
  }

  /** @throws MeshError RESOURCE_EXHAUSTED */
  revocationOf(question: RevocationQuestion, { address }: Pick<RequestOrigin, "address">): RevocationAnswer {
    return this.#revocationAnswers.answer(question, address);
  }

  approve(node: NodeId, approval: Approval, acting: Acting): Promise<PendingNode> {
    return this.#approvals.approve(node, approval, acting);
  }

  joinTokens(): readonly JoinTokenView[] {
    return this.#joinTokens.list();
  }

  createJoinToken(request: JoinTokenRequest, acting: Acting): Promise<NewJoinToken> {
    return this.#joinTokens.create(request, acting);
  }

  revokeJoinToken(id: string, confirmation: Confirmation, acting: Acting): Promise<void> {
    return this.#joinTokens.revoke(id, confirmation, acting);
  }

  /** Revoking this very node is answered first; then it goes. */
  revoke(node: NodeId, request: RevocationRequest, acting: Acting): Promise<void> {
    return this.#revocations.revoke(node, request, acting);
  }

  async leave({ password }: Confirmation, acting: Acting): Promise<void> {
    await unlockUser(this.#components.keyring, acting, password);
    await this.#departure.leave(acting.correlationId);
  }

  /** As `leave`, for whoever has the machine itself in his hands. */
  leaveFromConsole(): Promise<void> {
    return this.#departure.leave();
  }

  /** On two sides of a partition a token may admit more nodes than it was made for: they stay, and it is told. */
  #tellOveruse(view: TrustView): void {
    const { events, nodeKey } = this.#components;
    for (const { id, uses } of view.joinTokens.values()) {
      const used = view.usesOf(id);
      if (used <= uses || used <= (this.#overused.get(id) ?? 0)) continue;
      this.#overused.set(id, used);
      const data = { joinToken: id, uses, used };
      events.emit("security.join-token.overused", { node: nodeKey.node, data });
    }
  }
}
