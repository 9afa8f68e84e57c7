import type { Fence } from "@pi-controller/mesh";
import { Emitter, type Logger, type Service, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { fromBase64Url, toBase64Url } from "../crypto/encoding.ts";
import { seal, unseal } from "../crypto/seal.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import { MESH_SECRET_BYTES, meshSecretContext } from "./building/mesh-secrets.ts";
import {
  diallingOrder,
  isContested,
  type NamedSecret,
  named,
  ringOf,
  type SecretName,
} from "./secret-ring.ts";
import type { StatementOf } from "./statements.ts";
import type { Trust } from "./trust.ts";
import type { TrustStore } from "./trust-store.ts";

/** Peers whose next way to be dialled is remembered; with more, all begin anew. */
const MAX_DIALLED = 4_096;

/** X25519. */
const BOX_KEY_BYTES = 32;

export interface MeshSecretsComponents {
  readonly trust: Pick<Trust, "view" | "observe">;
  readonly node: NodeKey;
  readonly store: Pick<TrustStore, "secrets" | "keepSecrets">;
  readonly logger: Logger;
}

export interface MeshSecretsOptions {
  /** What the discovery of peers is marked with, from a secret: `discoveryTag` of the mesh package. */
  readonly tagOf: (secret: Uint8Array) => string;
}

/**
 * The secrets that all members share: opens what is sealed to this node, keeps older ones while somebody needs them,
 * and is the fence of the network.
 */
export class MeshSecrets implements Service, Fence {
  readonly name = "mesh secrets";
  readonly #components: MeshSecretsComponents;
  readonly #options: MeshSecretsOptions;
  readonly #changed: Emitter<void>;
  #secrets: readonly NamedSecret[] = [];
  #acknowledged: ReadonlyMap<NodeId, SecretName> = new Map();
  /**
   * The encapsulated keys of the boxes that were opened, by the tag of what was in them. Kept with the secrets, so that
   * a start need not load what opens boxes: it takes as much memory as all of this package.
   */
  readonly #boxes = new Map<string, string>();
  /** How often each was dialled; the next attempt goes another way. */
  readonly #dialled = new Map<NodeId | undefined, number>();
  #opening: Promise<void> = Promise.resolve();
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: MeshSecretsComponents, options: MeshSecretsOptions) {
    this.#components = components;
    this.#options = options;
    this.#changed = new Emitter((error) =>
      components.logger.error({ err: error }, "A listener of the mesh secrets failed"),
    );
  }

  /**
   * @throws MeshError DATA_LOSS when this node has no mesh secret that it can open: it could reach nobody, and must not
   *   do without the fence instead; as the store
   */
  async start(): Promise<void> {
    const { store, trust } = this.#components;
    this.#secrets = store.secrets().flatMap(({ epoch, sealed }) => this.#unsealed(epoch, sealed));
    this.#unsubscribe = trust.observe(() => {
      this.#opening = this.#opening.then(() => this.#open());
    });
    await this.#open();
    if (this.newest === undefined) {
      throw new MeshError("DATA_LOSS", "This node has no mesh secret that it can open. Enrol it anew");
    }
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await this.#opening;
  }

  /** The newest one that this node has; undefined before it has any. */
  get newest(): NamedSecret | undefined {
    return this.#secrets[0];
  }

  /**
   * Whether two sides of a partition have each begun the newest epoch: to be ended with a next one, whenever the
   * authority is unsealed.
   */
  get contested(): boolean {
    return isContested(this.#secrets, this.#acknowledged);
  }

  /** Resolves when what the trust says now was taken in. */
  settled(): Promise<void> {
    return this.#opening;
  }

  /** Calls back when there is a newer secret, or fewer old ones. */
  observe(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  accepted(): readonly Uint8Array[] {
    return this.#secrets.map(({ secret }) => secret);
  }

  dialling(peer: NodeId | undefined): Uint8Array | undefined {
    const acknowledged = peer === undefined ? undefined : this.#acknowledged.get(peer);
    const order = diallingOrder(this.#secrets, acknowledged);
    const attempt = this.#dialled.get(peer) ?? 0;
    if (order.length > 1) {
      if (this.#dialled.size >= MAX_DIALLED) this.#dialled.clear();
      this.#dialled.set(peer, attempt + 1);
    } else this.#dialled.delete(peer);
    return order[attempt % Math.max(1, order.length)]?.secret;
  }

  /** What discovery is marked with: announce the first, look for all. */
  tags(): readonly string[] {
    return this.#secrets.map(({ secret }) => this.#options.tagOf(secret));
  }

  /** Says which secret each member is known to have. */
  setAcknowledged(acknowledged: ReadonlyMap<NodeId, SecretName>): void {
    this.#acknowledged = acknowledged;
    this.#keep(this.#secrets);
  }

  async #open(): Promise<void> {
    const { trust, node, logger } = this.#components;
    const statement = trust.view.meshSecrets.get(node.node);
    try {
      this.#keep([...(await this.#openNew(statement)), ...this.#secrets]);
    } catch (error) {
      logger.error({ err: error, epoch: statement?.epoch }, "The mesh secret cannot be opened or kept");
    }
  }

  /** What a statement holds that is not known already, unless it is of an epoch that is over. */
  async #openNew(statement: StatementOf<"mesh-secret"> | undefined): Promise<NamedSecret[]> {
    const { node } = this.#components;
    if (statement === undefined || statement.epoch < (this.newest?.epoch ?? 0)) return [];
    const { epoch, box } = statement;
    if (this.#secrets.some(({ tag }) => this.#boxes.get(tag) === box.encapsulated)) return [];
    const secret = await node.box.open(box, meshSecretContext(node.node, epoch));
    if (secret.byteLength !== MESH_SECRET_BYTES) throw new MeshError("DATA_LOSS", "It has the wrong length");
    const found = named({ epoch, secret });
    this.#boxes.set(found.tag, box.encapsulated);
    return this.#secrets.some(({ tag }) => tag === found.tag) ? [] : [found];
  }

  #keep(known: readonly NamedSecret[]): void {
    const { trust, node, store } = this.#components;
    const others = [...trust.view.members.keys()].filter((member) => member !== node.node);
    const ring = ringOf(known, others, this.#acknowledged);
    const tags = (secrets: readonly NamedSecret[]) => secrets.map(({ tag }) => tag).join();
    if (tags(ring) === tags(this.#secrets)) return;
    store.keepSecrets(
      ring.map(({ epoch, secret, tag }) => ({
        epoch,
        sealed: seal(node.storageKey, withBox(secret, this.#boxes.get(tag)), this.#subject(epoch)),
      })),
    );
    for (const tag of this.#boxes.keys()) {
      if (!ring.some((kept) => kept.tag === tag)) this.#boxes.delete(tag);
    }
    this.#secrets = ring;
    this.#changed.emit();
  }

  #unsealed(epoch: number, sealed: string): NamedSecret[] {
    const { node, logger } = this.#components;
    try {
      const stored = unseal(node.storageKey, sealed, this.#subject(epoch));
      const secret = named({ epoch, secret: stored.slice(0, MESH_SECRET_BYTES) });
      if (stored.byteLength > MESH_SECRET_BYTES) {
        this.#boxes.set(secret.tag, toBase64Url(stored.subarray(MESH_SECRET_BYTES)));
      }
      return [secret];
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      logger.warn({ err: error, epoch }, "A stored mesh secret cannot be opened");
      return [];
    }
  }

  #subject(epoch: number): string {
    return `mesh-secret ${this.#components.trust.view.meshId} ${epoch}`;
  }
}

/** A secret as it is stored: followed by the encapsulated key of the box that it came in, when that is known. */
function withBox(secret: Uint8Array, encapsulated: string | undefined): Uint8Array {
  const box = encapsulated === undefined ? undefined : fromBase64Url(encapsulated, BOX_KEY_BYTES);
  return box === undefined ? secret : new Uint8Array([...secret, ...box]);
}
