// What somebody who holds the card of a node can do with it, with the project's own packages.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { Documents, defaultDocumentsOptions, levelStore } from "@pi-controller/document";
import { discoveryTag } from "@pi-controller/mesh";
import { loadOrCreateIdentity } from "@pi-controller/mesh/libp2p";
import { silentLogger, systemClock, systemRandom, unsyncedPageFile } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import {
  type Envelope,
  keyOf,
  MeshSecrets,
  type NodeKey,
  newSeed,
  nodeKeyOf,
  type SigningKey,
  type Statement,
  type StatementDraft,
  signingKey,
  signStatement,
  statementSchema,
  Trust,
  TrustIntroduction,
  TrustStore,
  trustCollection,
  type UserId,
} from "@pi-controller/security";
import type { Cleanup, PeerProcess } from "./peer-process.ts";
import { type Stranger, startStranger } from "./strangers.ts";

/** All that is on a card, read. */
export interface StolenCard {
  readonly directory: string;
  readonly node: NodeId;
  readonly nodeKey: NodeKey;
  readonly privateKey: Awaited<ReturnType<typeof loadOrCreateIdentity>>["privateKey"];
  readonly trust: Trust;
  readonly meshSecret: Uint8Array;
}

/** A copy of the data of a peer, which must not run. */
export function copyCard(cleanup: Cleanup, peer: PeerProcess): string {
  const copy = join(cleanup.temporaryDirectory("stolen-card-"), "data");
  cpSync(peer.dataDirectory, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

export async function readCard(cleanup: Cleanup, directory: string): Promise<StolenCard> {
  const { privateKey, peer: node } = await loadOrCreateIdentity(directory);
  const nodeKey = nodeKeyOf(node, privateKey);
  const store = TrustStore.open(directory);
  if (store === undefined) throw new Error("There is no mesh on this card");
  const common = { clock: systemClock(), logger: silentLogger };
  const trust = Trust.load({ ...common, store }, { buildDateMs: 0 });
  const secrets = new MeshSecrets({ ...common, trust, node: nodeKey, store }, { tagOf: discoveryTag });
  await secrets.start();
  const meshSecret = secrets.accepted()[0];
  if (meshSecret === undefined) throw new Error("A member has the mesh secret");
  await secrets.stop();
  cleanup.add(() => trust.close());
  return { directory, node, nodeKey, privateKey, trust, meshSecret };
}

/** A member that runs other software than ours: it says, writes and lets in what it likes. */
export class Rogue {
  readonly stranger: Stranger;
  readonly documents: Documents;
  readonly #victims: readonly { readonly node: NodeId; readonly address: string }[];

  private constructor(stranger: Stranger, documents: Documents, victims: Rogue["victims"]) {
    this.stranger = stranger;
    this.documents = documents;
    this.#victims = victims;
  }

  /** Starts with all that is on the card, connected to the given peers. */
  static async start(
    cleanup: Cleanup,
    card: StolenCard,
    victims: readonly { readonly node: NodeId; readonly address: string }[],
  ): Promise<Rogue> {
    const { meshSecret, privateKey, trust } = card;
    const introduction = new TrustIntroduction({ trust });
    const stranger = await startStranger(cleanup, { meshSecret, privateKey, introduction });
    const { network, gossip } = stranger;
    const documents = new Documents(
      {
        network,
        gossip,
        clock: systemClock(),
        random: systemRandom(),
        logger: silentLogger,
        store: levelStore({ directory: join(card.directory, "documents") }),
        clockPage: unsyncedPageFile({ path: join(card.directory, "document-clocks") }),
        reachablePeers: () => network.status().connections.map(({ peer }) => peer),
      },
      defaultDocumentsOptions,
    );
    await documents.start(new AbortController().signal);
    cleanup.add(() => documents.stop());
    const rogue = new Rogue(stranger, documents, victims);
    for (const { node, address } of victims) stranger.addressBook.add(node, [address]);
    await rogue.connect();
    return rogue;
  }

  get victims(): readonly { readonly node: NodeId; readonly address: string }[] {
    return this.#victims;
  }

  /** @returns how each dial went */
  async connect(): Promise<readonly string[]> {
    return Promise.all(
      this.#victims.map(
        async ({ node }) => (await this.stranger.network.dial({ peer: node }, 5_000)).outcome,
      ),
    );
  }

  /** Puts statements into the shared document, whatever was there, and tells every victim in person. */
  async state(envelopes: readonly Envelope[]): Promise<void> {
    await this.documents.mesh.transact((transaction) => {
      for (const envelope of envelopes) transaction.put(trustCollection, keyOfText(envelope), envelope);
    });
    const news = new TextEncoder().encode(JSON.stringify({ envelopes }));
    for (const { node } of this.#victims) {
      await this.stranger.network.request(node, "trust.news", news, { timeoutMs: 5_000 });
    }
  }
}

/** Something that signs as the authority, with another key than the authority's. */
export function falseAuthority(seed: Uint8Array) {
  return signingKey({ kind: "authority" }, seed);
}

function keyOfText({ statement }: Envelope): string {
  return keyOf(statementSchema.parse(JSON.parse(statement)) satisfies Statement);
}

/** Signs whatever the attacker likes, with a higher version than anybody has used. */
export function forge(draft: StatementDraft, ...keys: SigningKey[]): Envelope {
  return signStatement({ version: 1_000, issuedAt: new Date().toISOString(), ...draft } as Statement, keys);
}

/** Each draft as a false authority, the node itself and a user of the attacker's making would sign it. */
export function forgeries({ nodeKey }: StolenCard, user: UserId, draft: StatementDraft): Envelope[] {
  const impostor = signingKey({ kind: "user", user }, newSeed());
  return [falseAuthority(newSeed()), nodeKey, impostor].map((key) => forge(draft, key));
}
