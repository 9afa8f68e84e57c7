import { defineCollection, type WritableDocument } from "@pi-controller/document";
import {
  type Clock,
  type Logger,
  LogLimiter,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type NodeId, nodeIdSchema } from "@pi-controller/schema";
import * as z from "zod";
import { inDomain, SIGNATURE_BYTES, verifySignature } from "../crypto/ed25519.ts";
import { fromBase64Url, toBase64Url } from "../crypto/encoding.ts";
import { publicKeyOfNode } from "../crypto/node-public-key.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import { meshSecretStatements } from "./building/mesh-secrets.ts";
import type { MeshSecrets } from "./mesh-secrets.ts";
import type { SecretName } from "./secret-ring.ts";
import type { Trust } from "./trust.ts";

const LOG_PERIOD_MS = 60_000;
const REPEAT_MS = 10_000;
const DOMAIN = "mesh secret acknowledgement";

/** Each node says which mesh secret it has: id is the node. */
export const acknowledgementsCollection = defineCollection({
  name: "trust-acknowledgements",
  schema: z.object({
    id: nodeIdSchema,
    epoch: z.int().min(1),
    /** Which secret of that epoch: see `SecretName`. */
    tag: z.base64url().max(64),
    /** Of the node, over mesh, node, epoch and tag. */
    signature: z.base64url().length(86),
  }),
});
type Acknowledgement = z.infer<typeof acknowledgementsCollection.schema>;

export interface SecretRolloverComponents {
  readonly trust: Pick<Trust, "view" | "observe" | "sign" | "publish" | "nextVersion">;
  readonly secrets: Pick<MeshSecrets, "newest" | "observe" | "setAcknowledged">;
  readonly node: NodeKey;
  readonly document: Pick<WritableDocument, "collection">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Brings all members to the newest mesh secret: says which one this node has, learns which one others have, and
 * hands a newer one on to those that this node sponsored and that the authority did not know of when it changed it.
 */
export class SecretRollover implements Service {
  readonly name = "mesh secret rollover";
  readonly #components: SecretRolloverComponents;
  readonly #logLimiter: LogLimiter;
  readonly #subscriptions: Unsubscribe[] = [];
  /** Signatures that were verified, by node. */
  readonly #verified = new Map<NodeId, Acknowledgement>();
  #said: (SecretName & { readonly atMs: number }) | undefined;
  #working: Promise<void> = Promise.resolve();
  /** Says again later what somebody set back so soon that it was not answered at once. */
  #repeating: Timer | undefined;

  constructor(components: SecretRolloverComponents) {
    this.#components = components;
    this.#logLimiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  async start(): Promise<void> {
    const { document, trust, secrets } = this.#components;
    this.#subscriptions.push(
      document.collection(acknowledgementsCollection).observe((changes) => {
        this.#update(changes.map(({ id }) => id));
      }),
      trust.observe(() => this.#update()),
      secrets.observe(() => this.#update()),
    );
    this.#update();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    await this.#working;
    this.#repeating?.cancel();
  }

  /** @param changed whose acknowledgements may be others than before; all when left out */
  #update(changed?: Iterable<NodeId>): void {
    this.#learn(changed);
    this.#working = this.#working
      .then(() => this.#acknowledge())
      .then(() => this.#handOn())
      .catch((error: unknown) => {
        const message = "The mesh secret could not be acknowledged or handed on";
        this.#logLimiter.limit(message, (suppressed) =>
          this.#components.logger.warn({ err: error, suppressed }, message),
        );
      });
  }

  #learn(changed?: Iterable<NodeId>): void {
    const { trust, secrets, document } = this.#components;
    const { members } = trust.view;
    const records = document.collection(acknowledgementsCollection);
    for (const node of [...this.#verified.keys()]) if (!members.has(node)) this.#verified.delete(node);
    // All members acknowledge a new secret, one after the other: that is no reason to read all of them each time.
    for (const node of changed ?? members.keys()) {
      if (!members.has(node)) continue;
      const record = records.get(node);
      const known = this.#verified.get(node);
      // What was acknowledged once stays so: a record that somebody set back changes nothing.
      if (record === undefined || record.epoch < (known?.epoch ?? 0)) continue;
      if (record.signature === known?.signature) continue;
      if (record.id === node && this.#isGenuine(record)) this.#verified.set(node, record);
    }
    secrets.setAcknowledged(new Map(this.#verified));
  }

  async #acknowledge(): Promise<void> {
    const { node, secrets, document, trust, clock } = this.#components;
    const { newest } = secrets;
    const records = document.collection(acknowledgementsCollection);
    if (newest === undefined || !trust.view.members.has(node.node)) return;
    const there = records.get(node.node);
    if (there?.id === node.node && isSame(there, newest) && this.#isGenuine(there)) return;
    // Whoever keeps setting it back is answered now and then.
    const nowMs = clock.monotonic();
    const before = this.#said;
    if (before !== undefined && isSame(before, newest) && nowMs - before.atMs < REPEAT_MS) {
      // Perhaps nothing else happens that would bring it up again.
      this.#repeating?.cancel();
      this.#repeating = clock.setTimer(() => this.#update(), before.atMs + REPEAT_MS - nowMs);
      return;
    }
    this.#said = { epoch: newest.epoch, tag: newest.tag, atMs: nowMs };
    const record = { id: node.node, epoch: newest.epoch, tag: newest.tag };
    const signature = toBase64Url(node.sign(this.#text(record)));
    await records.put(node.node, { ...record, signature });
  }

  async #handOn(): Promise<void> {
    const { node, secrets, trust, logger } = this.#components;
    const { newest } = secrets;
    const { members, meshSecrets } = trust.view;
    if (newest === undefined || !members.has(node.node)) return;
    const behind = [...members.values()].filter(
      ({ node: member, admittedBy }) =>
        admittedBy.kind === "join-token" &&
        admittedBy.sponsor === node.node &&
        (meshSecrets.get(member)?.epoch ?? 0) < newest.epoch,
    );
    if (behind.length === 0) return;
    const envelopes = await meshSecretStatements(trust, behind, newest, node);
    if (envelopes.length === 0) return;
    try {
      await trust.publish(envelopes);
    } catch (error) {
      // The authority was faster.
      if (!(error instanceof MeshError) || error.code !== "FAILED_PRECONDITION") throw error;
      logger.debug({ err: error }, "A mesh secret was not handed on");
    }
  }

  #isGenuine(record: Acknowledgement): boolean {
    const key = publicKeyOfNode(record.id);
    const signature = fromBase64Url(record.signature, SIGNATURE_BYTES);
    return (
      key !== undefined && signature !== undefined && verifySignature(key, this.#text(record), signature)
    );
  }

  #text({ id, epoch, tag }: Omit<Acknowledgement, "signature">): Uint8Array {
    return inDomain(DOMAIN, `${this.#components.trust.view.meshId} ${id} ${epoch} ${tag}`);
  }
}

function isSame(one: SecretName, other: SecretName): boolean {
  return one.epoch === other.epoch && one.tag === other.tag;
}
