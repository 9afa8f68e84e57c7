import type { Logger } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { NodeKey } from "../../crypto/index.ts";
import type { AuthorityKey } from "../../keys.ts";
import { type MeshSecret, meshSecretStatement } from "../../trust/building/mesh-secrets.ts";
import { overdueStatements } from "../../trust/building/overdue.ts";
import {
  type Envelope,
  keyOf,
  memberSchema,
  type StatementOf,
  statementSchema,
} from "../../trust/statements.ts";
import type { SigningKey, TrustPort } from "../../trust/trust-port.ts";
import type { Application } from "../protocol/messages.ts";
import { Turns } from "../turns.ts";

/** What this node knows of the mesh secrets: `MeshSecrets`. */
export interface KnownSecrets {
  readonly newest: MeshSecret | undefined;
  /** Whether others have another one of the same epoch. */
  readonly contested: boolean;
}

interface Components {
  readonly trust: TrustPort;
  /** The mesh secrets that this node knows. */
  readonly secrets: KnownSecrets;
  readonly nodeKey: Pick<NodeKey, "node">;
  /** Resolves when some other member has them, or when none could be told in time. */
  readonly spread: (envelopes: readonly Envelope[]) => Promise<void>;
  readonly logger: Logger;
}

/** How one node is admitted. */
export interface Admittance {
  readonly node: NodeId;
  readonly application: Application;
  /** Makes the entry, when there is none yet that serves; called when it is this one's turn. @throws MeshError */
  entry(): Envelope;
  /** Signs the mesh secret for the node: the authority, or this node as its sponsor. */
  readonly signer: SigningKey;
}

/**
 * Enters nodes among the members: on this peer's disk and in the document of the mesh before the node itself hears
 * of it, so that a node that takes itself for a member is one. One at a time, so that an entry that is there
 * already is found, and whoever was interrupted goes on where he was.
 */
export class Admission {
  readonly #components: Components;
  readonly #turns = new Turns();

  constructor(components: Components) {
    this.#components = components;
  }

  /**
   * @returns whether the node was no member before
   * @throws MeshError when the statements are not good; FAILED_PRECONDITION when this node is no member itself any more
   */
  enter(admittance: Admittance): Promise<boolean> {
    return this.#turns.take(async () => {
      const { trust } = this.#components;
      const { node, application } = admittance;
      this.checkMember();
      // An entry for other keys is of a life before, which the node has forgotten.
      const known = trust.view.members.get(node);
      const entry = known?.boxKey === application.boxKey ? undefined : admittance.entry();
      const member = entry === undefined ? known : memberOf(entry);
      const envelopes = entry === undefined ? [] : [entry];
      if (member !== undefined) envelopes.push(...(await this.#secretFor(member, admittance.signer, entry)));
      if (envelopes.length > 0) {
        await trust.publish(envelopes);
        // Whoever is admitted can tell nobody: nobody lets him in who does not know. This node may be gone in a moment.
        await this.#components.spread(envelopes);
      }
      await this.#enterRequest(node, application.certificateRequest);
      return entry !== undefined;
    });
  }

  /**
   * To be called last thing before a node hears that it is a member.
   *
   * @throws MeshError FAILED_PRECONDITION when this node was revoked or has left: nobody would hear of it from here
   */
  checkMember(): void {
    const { nodeKey, trust } = this.#components;
    if (trust.view.members.has(nodeKey.node)) return;
    throw new MeshError(
      "FAILED_PRECONDITION",
      "This node is no member of the mesh any more: it admits nobody",
    );
  }

  /** Signs whatever else has waited for the authority to be unsealed: little or nothing, most of the time. */
  catchUp(authority: AuthorityKey): Promise<void> {
    return this.#turns.take(async () => {
      const { secrets, trust } = this.#components;
      const overdue = await overdueStatements(
        trust,
        trust.view,
        authority,
        secrets.newest,
        secrets.contested,
      );
      if (overdue.length > 0) await trust.publish(overdue);
    });
  }

  async #secretFor(
    member: StatementOf<"member">,
    signer: SigningKey,
    entry: Envelope | undefined,
  ): Promise<Envelope[]> {
    const { secrets, trust } = this.#components;
    const secret = secrets.newest;
    if (secret === undefined) {
      throw new MeshError("FAILED_PRECONDITION", "This node does not have the secret of the mesh yet");
    }
    const given = trust.view.meshSecrets.get(member.node);
    if (entry === undefined && given !== undefined && given.epoch >= secret.epoch) return [];
    return [await meshSecretStatement(trust, member, secret, signer)];
  }

  /** A request that is no good keeps nobody out: the node makes another one later. */
  async #enterRequest(node: NodeId, request: Envelope | null): Promise<void> {
    const { logger, trust } = this.#components;
    if (request === null) return;
    try {
      if (statementKey(request) !== `certificate-request/${node}`) throw notARequest();
      await trust.publish([request]);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      logger.warn({ node, reason: error.message }, "The certificate request of a new member was not taken");
    }
  }
}

function statementKey(envelope: Envelope): string {
  try {
    return keyOf(statementSchema.parse(JSON.parse(envelope.statement)));
  } catch (error) {
    throw notARequest(error);
  }
}

function memberOf(entry: Envelope): StatementOf<"member"> {
  return memberSchema.parse(JSON.parse(entry.statement));
}

function notARequest(cause?: unknown): MeshError {
  return new MeshError("INVALID_ARGUMENT", "That is no request for this node's certificate", {}, { cause });
}

/** A member's entry before it is signed. */
export function memberDraft(
  node: NodeId,
  boxKey: string,
  admittedBy: StatementOf<"member">["admittedBy"],
): Omit<StatementOf<"member">, "version" | "issuedAt"> {
  return { kind: "member", node, boxKey, admittedBy };
}
