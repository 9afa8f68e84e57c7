import { decodeJson, encodeJson, type Network } from "@pi-controller/mesh";
import type { Service, Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId, parseInput } from "@pi-controller/schema";
import * as z from "zod";
import { utf8 } from "../crypto/encoding.ts";
import { type Envelope, envelopeSchema, keyOf, statementSchema } from "./statements.ts";
import type { Trust } from "./trust.ts";

export interface TrustNewsComponents {
  readonly trust: Pick<Trust, "envelopes" | "merge" | "onPublish">;
  readonly network: Pick<Network, "handle" | "request" | "status">;
}

const METHOD = "trust.news";
const TIMEOUT_MS = 2_000;
/** To how many peers news are told directly; they pass them on as all others do. */
const MAX_LISTENERS = 8;
const MAX_ENVELOPES = 64;
/** Somebody waits for it who is about to be cut off. */
const TELL_WITHIN_MS = 500;

const newsSchema = z.object({ envelopes: z.array(envelopeSchema).max(MAX_ENVELOPES) });

/**
 * Tells other peers what was stated here last, and waits until one of them has it: for what cannot wait for the
 * document to be exchanged, as a revocation, or anything on a node that is about to be gone.
 */
export class TrustNews implements Service {
  readonly name = "trust news";
  readonly #components: TrustNewsComponents;
  #published: readonly string[] = [];
  #subscriptions: readonly Unsubscribe[] = [];

  constructor(components: TrustNewsComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    const { network, trust } = this.#components;
    this.#subscriptions = [
      network.handle(METHOD, async ({ from, payload }) => {
        const { envelopes } = parseNews(payload);
        const { accepted } = await trust.merge(envelopes);
        // The document may be slow, or so full of junk that it takes nothing: whom the first one does not reach hears
        // of it all the same. Each member passes it on once, when it is new to it, and with it what came with it:
        // without the entries that no longer stand on whom it revokes, others would be cut off.
        if (accepted.some(isRevocation)) void this.#passOn(keysOf(envelopes), from);
        return new Uint8Array();
      }),
      trust.onPublish(async (keys) => {
        this.#published = keys;
        // Where links are new or broken the document may take seconds, which a thief would use.
        if (keys.some(isRevocation)) await this.spread();
      }),
    ];
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#subscriptions = [];
  }

  /** Tells one peer of statements, if it is connected. Resolves soon, whether it has them or not. */
  async tell(peer: NodeId, envelopes: readonly Envelope[]): Promise<void> {
    const { network } = this.#components;
    if (!network.status().connections.some((connection) => connection.peer === peer)) return;
    await network
      .request(peer, METHOD, encodeNews(envelopes), { timeoutMs: TELL_WITHIN_MS })
      .catch((error: unknown) => {
        if (!(error instanceof MeshError)) throw error;
      });
  }

  /** Never rejects. */
  async #passOn(keys: readonly string[], from: NodeId): Promise<void> {
    const { network, trust } = this.#components;
    // First what matters most: of a long list the end is left to the document.
    const inOrder = [...keys].sort((one, other) => rankOf(one) - rankOf(other));
    const payload = encodeNews(trust.envelopes(inOrder));
    const others = network.status().connections.filter(({ peer }) => peer !== from);
    const told = others.map(({ peer }) => network.request(peer, METHOD, payload, { timeoutMs: TIMEOUT_MS }));
    await Promise.allSettled(told);
  }

  /**
   * Resolves when some other member has them, or when none could be told in time.
   *
   * @param envelopes what was published last, when left out
   */
  async spread(envelopes: readonly Envelope[] = this.#last()): Promise<void> {
    const { network } = this.#components;
    const payload = encodeNews(envelopes);
    const told = network
      .status()
      .connections.slice(0, MAX_LISTENERS)
      .map(({ peer }) => network.request(peer, METHOD, payload, { timeoutMs: TIMEOUT_MS }));
    await Promise.any(told).catch((error: unknown) => {
      // Nobody is there, or nobody answers: they hear of it from whoever hears of it.
      if (!(error instanceof AggregateError)) throw error;
    });
  }

  #last(): readonly Envelope[] {
    return this.#components.trust.envelopes(this.#published);
  }
}

/** Of what the authority has signed: nobody else can make others pass anything on. */
function isRevocation(key: string): boolean {
  return key.startsWith("revocation/");
}

/** What is told first, first. */
function rankOf(key: string): number {
  return isRevocation(key) ? 0 : key.startsWith("member/") ? 1 : 2;
}

/** Of what is a statement. */
function keysOf(envelopes: readonly Envelope[]): string[] {
  return envelopes.flatMap((envelope) => {
    const parsed = statementSchema.safeParse(decodeJson(utf8(envelope.statement)));
    return parsed.success ? [keyOf(parsed.data)] : [];
  });
}

function encodeNews(envelopes: readonly Envelope[]): Uint8Array {
  return encodeJson({ envelopes: envelopes.slice(0, MAX_ENVELOPES) });
}

function parseNews(payload: Uint8Array): z.infer<typeof newsSchema> {
  return parseInput(newsSchema, decodeJson(payload), "news of the trust");
}
