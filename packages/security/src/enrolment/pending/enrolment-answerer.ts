import { randomBytes } from "node:crypto";
import type { IncomingRequest, Network } from "@pi-controller/mesh";
import type { Clock, Logger, Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { equalBytes, toBase64Url } from "../../crypto/index.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { AttemptLimits } from "../attempt-limits/attempt-limits.ts";
import {
  ADMIT_METHOD,
  type Application,
  admitSchema,
  applicationBytes,
  decodeMessage,
  encodeMessage,
  HELLO_METHOD,
  type Hello,
  type HelloAnswer,
  helloSchema,
  maxBytesOf,
  PROVE_METHOD,
  proveSchema,
} from "../protocol/messages.ts";
import { type OpenAttempt, OpenAttempts } from "../protocol/open-attempts.ts";
import {
  type Conversation,
  codeKey,
  ENROLMENT_VERSION,
  NONCE_BYTES,
  proofOf,
  transcriptOf,
} from "../protocol/transcript.ts";
import type { Claim } from "./claim.ts";
import type { TokenBearer } from "./token-bearer.ts";

export interface Joined {
  readonly meshId: string;
  readonly by: "setup-code" | "join-token";
  /** Under the id that it dialled with. */
  readonly member: NodeId;
}

export interface AnswererComponents {
  readonly network: Pick<Network, "self" | "handle" | "status">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
  readonly limits: AttemptLimits;
  readonly claim: Claim;
  /** Undefined when this node carries no join token. */
  readonly token: TokenBearer | undefined;
  /** What this node asks to be admitted with. */
  readonly application: (meshId: string) => Promise<Application>;
  /**
   * Verifies the whole chain from the id of the mesh down to this node's entry and mesh secret, and stores it.
   *
   * @param by how it was admitted
   * @throws MeshError when it does not verify or cannot be stored: nothing has changed then
   */
  readonly join: (meshId: string, envelopes: readonly Envelope[], by: Joined["by"]) => Promise<void>;
  /** Called when this node has become a member; whoever made it one is about to be answered. */
  readonly onJoined: (joined: Joined) => void;
}

export interface AnswererOptions {
  /** In its canonical form. */
  readonly setupCode: string;
  readonly name: string;
  readonly board: string;
}

const NEW_CONNECTION_MS = 100;

/** What comes next in an attempt. */
type Step =
  | { readonly awaits: "proof" }
  /** With what was proven, and what was answered: the same message gets the same answer again. */
  | { readonly awaits: "admission"; readonly proof: Uint8Array; readonly answer: Promise<Uint8Array> }
  | { readonly awaits: "token-admission" }
  | { readonly awaits: "nothing"; readonly answer: Promise<Uint8Array> };

/**
 * The pending node's side of the enrolment protocol, the only one that strangers can speak to. An attempt belongs
 * to the connection's proven peer id and one pair of nonces; nothing of it is worth anything to somebody else, in
 * another mesh or later.
 */
export class EnrolmentAnswerer {
  readonly #components: AnswererComponents;
  readonly #options: AnswererOptions;
  readonly #attempts = new OpenAttempts<Step>();
  readonly #key: Uint8Array;

  constructor(components: AnswererComponents, options: AnswererOptions) {
    this.#components = components;
    this.#options = options;
    this.#key = codeKey(options.setupCode);
  }

  /** Answers from now on, until the result is called. */
  listen(): Unsubscribe {
    const { network } = this.#components;
    const handlers = [
      network.handle(HELLO_METHOD, (request) => this.#hello(request)),
      network.handle(PROVE_METHOD, (request) => this.#prove(request)),
      network.handle(ADMIT_METHOD, (request) => this.#admit(request)),
    ];
    return () => {
      for (const stop of handlers) stop();
      this.#attempts.clear();
    };
  }

  /** Attempts that are under way. */
  get openAttempts(): number {
    return this.#attempts.size;
  }

  async #hello({ from, payload }: IncomingRequest): Promise<Uint8Array> {
    const { claim, clock, limits, network, token } = this.#components;
    const source = this.#sourceOf(from);
    limits.greet(source);
    const hello = decodeMessage(helloSchema, payload, "greeting");
    claim.check(hello.meshId);
    const conversation: Conversation = {
      meshId: hello.meshId,
      member: from,
      pending: network.self,
      memberNonce: Buffer.from(hello.nonce, "base64url"),
      pendingNonce: randomBytes(NONCE_BYTES),
    };
    const presented = hello.joinToken && (await this.#present(hello.joinToken, conversation));
    const answer: HelloAnswer = {
      version: ENROLMENT_VERSION,
      nonce: toBase64Url(conversation.pendingNonce),
      name: this.#options.name,
      board: this.#options.board,
      joinToken: token?.id ?? null,
      token: presented ?? null,
    };
    const awaits = presented === undefined ? "proof" : "token-admission";
    this.#attempts.open(conversation, source, { awaits }, clock.monotonic());
    return encodeMessage(answer);
  }

  /** Signs with the join token, for its own mesh alone. */
  async #present(wanted: NonNullable<Hello["joinToken"]>, conversation: Conversation) {
    const { application, token } = this.#components;
    if (token === undefined || token.id !== wanted.id || token.meshId !== conversation.meshId) {
      throw new MeshError("NOT_FOUND", "This node carries no such join token of that mesh");
    }
    return token.present(wanted, conversation, await application(conversation.meshId));
  }

  async #prove({ from, payload }: IncomingRequest): Promise<Uint8Array> {
    const { clock, limits } = this.#components;
    const message = decodeMessage(proveSchema, payload, "proof");
    const attempt = this.#find(from, message.attempt);
    const { conversation, source, state } = attempt;
    const proof = Buffer.from(message.proof, "base64url");
    if (state.awaits === "admission" && equalBytes(proof, state.proof)) return state.answer;
    if (state.awaits !== "proof") throw attemptOver();
    limits.tryCode(source);
    if (!equalBytes(proof, proofOf(this.#key, transcriptOf(conversation, "member")))) {
      // One attempt, one proof.
      this.#attempts.close(conversation);
      limits.failed(source);
      throw new MeshError("UNAUTHENTICATED", "The set-up code is wrong");
    }
    const answer = this.#proveBack(conversation);
    this.#attempts.advance(attempt, { awaits: "admission", proof, answer }, clock.monotonic());
    return answer;
  }

  async #proveBack(conversation: Conversation): Promise<Uint8Array> {
    const said = await this.#components.application(conversation.meshId);
    const proof = proofOf(this.#key, transcriptOf(conversation, "pending", applicationBytes(said)));
    return encodeMessage({ proof: toBase64Url(proof), ...said });
  }

  async #admit({ from, payload }: IncomingRequest): Promise<Uint8Array> {
    const { clock, limits } = this.#components;
    // A bundle is large: it is read only from somebody who has come so far.
    if (!this.#attempts.some(from, ({ awaits }) => awaits !== "proof", clock.monotonic()))
      throw attemptOver();
    const message = decodeMessage(admitSchema, payload, "admission", maxBytesOf[ADMIT_METHOD]);
    const attempt = this.#find(from, message.attempt);
    const { source, state } = attempt;
    if (state.awaits === "proof") throw attemptOver();
    if (state.awaits === "nothing") return state.answer;
    // Whoever knows the id of a token, which is no secret, has come so far: what he sends counts as a try.
    if (state.awaits === "token-admission") limits.tryCode(source);
    const answer = this.#join(attempt, message.envelopes);
    this.#attempts.advance(attempt, { awaits: "nothing", answer }, clock.monotonic());
    return answer;
  }

  async #join(attempt: OpenAttempt<Step>, envelopes: readonly Envelope[]): Promise<Uint8Array> {
    const { claim, join, limits, logger, onJoined } = this.#components;
    const { conversation, source } = attempt;
    const { meshId, member } = conversation;
    const by = attempt.state.awaits === "token-admission" ? "join-token" : "setup-code";
    try {
      const isNew = await claim.join(meshId, () => join(meshId, envelopes, by));
      if (isNew) onJoined({ meshId, by, member });
    } catch (error) {
      this.#attempts.close(conversation);
      if (by === "join-token") limits.failed(source);
      const reason = error instanceof MeshError ? error.message : "it could not be stored";
      logger.warn({ peer: member, reason }, "An admission was refused");
      throw error;
    }
    return encodeMessage({ meshId });
  }

  #find(from: NodeId, nonce: string): OpenAttempt<Step> {
    const now = this.#components.clock.monotonic();
    const attempt = this.#attempts.find(from, Buffer.from(nonce, "base64url"), now);
    if (attempt === undefined) throw attemptOver();
    return attempt;
  }

  /**
   * The address that a peer's connection comes from: its id costs it nothing.
   *
   * @throws MeshError RESOURCE_EXHAUSTED for the moment in which a connection is so new that the network does not
   *   show it: whoever asks again then is answered
   */
  #sourceOf(peer: NodeId): string {
    const { connections } = this.#components.network.status();
    const multiaddr = connections.find((candidate) => candidate.peer === peer)?.address ?? "";
    // One that is link-local begins with its zone: /ip6zone/eth0/ip6/fe80::1/tcp/4101.
    const address = /\/ip[46]\/([^/]+)/.exec(multiaddr)?.[1];
    if (address !== undefined) return address;
    const details = { retryAfterMs: NEW_CONNECTION_MS };
    throw new MeshError("RESOURCE_EXHAUSTED", "This connection is not ready yet", details);
  }
}

function attemptOver(): MeshError {
  return new MeshError("FAILED_PRECONDITION", "This attempt is over, or was never begun: begin anew");
}
