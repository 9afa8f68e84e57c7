import {
  backoffMs,
  type Clock,
  type Logger,
  type Random,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type NodeId, type PendingNode } from "@pi-controller/schema";
import type { NodeKey } from "../../crypto/index.ts";
import { coSign } from "../../trust/signed-statement.ts";
import type { StatementOf } from "../../trust/statements.ts";
import type { TrustPort } from "../../trust/trust-port.ts";
import { type Admission, memberDraft } from "./admission.ts";
import type { NodeWish } from "./approvals.ts";
import { bundleFor } from "./bundle.ts";
import type { Contact, Contacts } from "./contacts.ts";
import type { EnrolmentEvents } from "./events.ts";
import { admit, greet, presentedBy } from "./exchange.ts";
import { joinTokenProblem, joinTokenState } from "./join-token-state.ts";
import type { PendingList } from "./pending-list.ts";
import { sponsorDelayMs } from "./sponsor-rank.ts";

export interface TokenAdmissionComponents {
  readonly trust: TrustPort;
  readonly nodeKey: NodeKey;
  readonly contacts: Contacts;
  readonly pending: PendingList;
  readonly admission: Admission;
  readonly events: EnrolmentEvents;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly enterNode: (node: NodeId, wish: NodeWish) => Promise<void>;
  /** Members that are believed alive, this one included or not. */
  readonly aliveMembers: () => readonly NodeId[];
}

/** After an attempt that came to nothing: the others have had their turn by then. */
const AGAIN = { initialMs: 15_000, maximumMs: 5 * 60_000, jitterFraction: 0.2 };
/** Nodes that are waited for, as many as can be known. */
const MAX_WAITING = 320;

interface Waiting {
  timer: Timer;
  failures: number;
  /** Whether it was its token that did not do, and not that it could not be reached. */
  isTokenBad: boolean;
}

/**
 * Admits nodes that carry a join token, without a click. All members that find such a node work out the same order
 * among themselves: the first dials it at once, each of the others a turn later unless it is gone by then. What
 * this member signs is its own word that the token was good: its limits are looked at last thing before.
 */
export class TokenAdmission {
  readonly #components: TokenAdmissionComponents;
  readonly #waiting = new Map<NodeId, Waiting>();
  #stopped = true;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: TokenAdmissionComponents) {
    this.#components = components;
  }

  start(): void {
    this.#stopped = false;
    // A token that was not known, or used up, may be good now.
    this.#unsubscribe = this.#components.trust.observe(() => this.#reconsiderAll());
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  /**
   * Takes note that a node is pending; does nothing for one that carries no token, or is waited for already.
   *
   * @param delayMs until this member's turn, when others know of the node, too
   */
  consider(
    { id, joinToken }: Pick<PendingNode, "id" | "joinToken">,
    delayMs: number = this.#turnMs(id),
  ): void {
    if (this.#stopped || joinToken === null || this.#waiting.has(id)) return;
    if (this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(id, { timer: this.#timer(id, delayMs), failures: 0, isTokenBad: false });
  }

  /** It is there no longer. */
  forget(id: NodeId): void {
    this.#waiting.get(id)?.timer.cancel();
    this.#waiting.delete(id);
  }

  #turnMs(id: NodeId): number {
    const { aliveMembers, nodeKey } = this.#components;
    return sponsorDelayMs(nodeKey.node, aliveMembers(), id);
  }

  #timer(id: NodeId, delayMs: number): Timer {
    return this.#components.clock.setTimer(() => void this.#attempt(id), delayMs);
  }

  #reconsiderAll(): void {
    const { pending } = this.#components;
    for (const node of pending.all()) {
      const waiting = this.#waiting.get(node.id);
      if (waiting === undefined || !waiting.isTokenBad || this.#problemOf(node) !== null) continue;
      waiting.isTokenBad = false;
      waiting.timer.cancel();
      waiting.timer = this.#timer(node.id, this.#turnMs(node.id));
    }
  }

  /** Never rejects. */
  async #attempt(id: NodeId): Promise<void> {
    const { logger, pending, random } = this.#components;
    const waiting = this.#waiting.get(id);
    const node = pending.get(id);
    if (waiting === undefined) return;
    if (node === undefined) {
      this.#waiting.delete(id);
      return;
    }
    let problem = this.#problemOf(node);
    waiting.isTokenBad = problem !== null;
    try {
      if (problem === null) await this.#admit(node);
    } catch (error) {
      if (error instanceof MeshError) problem = error.message;
      else problem = "It could not be admitted, for a reason that is in the log";
      logger.warn({ node: id, error }, "A node with a join token could not be admitted");
    }
    if (problem === null) {
      pending.admitted(id);
      this.#waiting.delete(id);
      return;
    }
    pending.note(id, problem);
    waiting.failures++;
    if (this.#waiting.get(id) !== waiting) return;
    waiting.timer.cancel();
    waiting.timer = this.#timer(id, this.#turnMs(id) + backoffMs(waiting.failures, AGAIN, random));
  }

  /** Why its token does not do; null when it does. An entry that was made before needs no token any more. */
  #problemOf({ id, joinToken }: PendingNode): string | null {
    const { trust } = this.#components;
    const member = trust.view.members.get(id);
    const token = joinToken === null ? undefined : trust.view.joinTokens.get(joinToken);
    if (
      token !== undefined &&
      member?.admittedBy.kind === "join-token" &&
      member.admittedBy.token === token.id
    ) {
      return null;
    }
    return joinTokenProblem(token && joinTokenState(token, trust.view.usesOf(token.id), trust.now()));
  }

  async #admit(node: PendingNode): Promise<void> {
    const { contacts, trust } = this.#components;
    const target = { node: node.id, addresses: node.addresses };
    try {
      await contacts.reach(target, (contact) => this.#meet(contact, node));
    } catch (error) {
      // Another member was faster.
      const isMember = error instanceof MeshError && error.code === "ALREADY_EXISTS";
      if (!isMember || !trust.view.members.has(node.id)) throw error;
    }
  }

  async #meet(contact: Contact, node: PendingNode): Promise<void> {
    const { admission, clock, enterNode, events, nodeKey, trust } = this.#components;
    const token = trust.view.joinTokens.get(node.joinToken ?? "");
    if (token === undefined) throw refused(joinTokenProblem(undefined));
    const wanted = {
      id: token.id,
      sponsor: nodeKey.node,
      memberVersion: trust.nextVersion(`member/${node.id}`),
      issuedAt: new Date(trust.now()).toISOString(),
    };
    const greeted = await greet(clock, contact, trust.view.meshId, wanted);
    const { application, member } = presentedBy(greeted, token.publicKey);
    const isNew = await admission.enter({
      node: node.id,
      application,
      signer: nodeKey,
      entry: () => {
        const problem = this.#problemOf(node);
        if (problem !== null) throw refused(problem);
        const by = { kind: "join-token", token: token.id, sponsor: nodeKey.node } as const;
        const { memberVersion: version, issuedAt } = wanted;
        const draft = { ...memberDraft(node.id, application.boxKey, by), version, issuedAt };
        if (!saysTheSame(member.statement, draft))
          throw refused("It signed another entry than it was asked to");
        return coSign(member, nodeKey);
      },
    });
    if (isNew) {
      const data = { name: node.name, by: `join token ${token.label || token.id}`, joinToken: token.id };
      events.emit("security.node.admitted", { node: node.id, data });
    }
    await enterNode(node.id, { ownName: node.name, addresses: node.addresses });
    admission.checkMember();
    await admit(contact, greeted.conversation, bundleFor(node.id, trust.envelopes()));
  }
}

/** Whether a statement's text says what it should and nothing else, in whatever order. */
function saysTheSame(text: string, expected: StatementOf<"member">): boolean {
  try {
    const said = JSON.parse(text) as unknown;
    return canonical(said) === canonical(expected);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

function refused(problem: string | null): MeshError {
  return new MeshError("FAILED_PRECONDITION", problem ?? "It is not admitted");
}
