import {
  inDomain,
  type JoinTokenSecret,
  joinTokenSigningKey,
  publicKeyOfSeed,
  toBase64Url,
} from "../../crypto/index.ts";
import { signStatement } from "../../trust/signed-statement.ts";
import type { StatementOf } from "../../trust/statements.ts";
import type { SigningKey } from "../../trust/trust-port.ts";
import {
  type Application,
  applicationBytes,
  type Hello,
  type HelloAnswer,
  TOKEN_PROOF_DOMAIN,
} from "../protocol/messages.ts";
import { type Conversation, transcriptOf } from "../protocol/transcript.ts";

/** A pending node's join token. It signs for its own mesh alone, and for this node alone. */
export class TokenBearer {
  readonly id: string;
  readonly meshId: string;
  readonly publicKey: Uint8Array;
  readonly #key: SigningKey;
  readonly #nodeKey: SigningKey;

  constructor({ nodeKey }: { readonly nodeKey: SigningKey }, secret: JoinTokenSecret) {
    this.id = secret.id;
    this.meshId = secret.meshId;
    this.publicKey = publicKeyOfSeed(secret.seed);
    this.#key = joinTokenSigningKey(secret);
    this.#nodeKey = nodeKey;
  }

  /**
   * Proves that this node carries the token, and signs the member entry with it, and as itself.
   *
   * @param wanted what the sponsor, who signs after it, wants the entry to say
   */
  present(
    wanted: NonNullable<Hello["joinToken"]>,
    conversation: Conversation,
    application: Application,
  ): NonNullable<HelloAnswer["token"]> {
    const said = transcriptOf(conversation, "pending", applicationBytes(application));
    const member: StatementOf<"member"> = {
      kind: "member",
      version: wanted.memberVersion,
      issuedAt: wanted.issuedAt,
      node: conversation.pending,
      boxKey: application.boxKey,
      admittedBy: { kind: "join-token", token: this.id, sponsor: wanted.sponsor },
    };
    return {
      ...application,
      proof: toBase64Url(this.#key.sign(inDomain(TOKEN_PROOF_DOMAIN, said))),
      member: signStatement(member, [this.#key, this.#nodeKey]),
    };
  }
}
