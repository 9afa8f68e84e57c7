import { decodeJson, encodeJson, type Introduction } from "@pi-controller/mesh";
import { MeshError, type NodeId, parseInput } from "@pi-controller/schema";
import * as z from "zod";
import { type Envelope, meshIdSchema } from "./statements.ts";
import type { Trust } from "./trust.ts";

/** Most keys in one request; longer lists take several. */
const MAX_KEYS = 2_000;
/** Most statements that a peer is believed to have. */
const MAX_ENTRIES = 25_000;
/** An answer ends with the statement that takes it beyond this; requests carry 16 MiB. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;
/** What one introduction takes in. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

const keySchema = z.string().min(1).max(256);
const hashSchema = z.string().max(64);

const requestSchema = z.discriminatedUnion("kind", [
  /** What the asker holds, in one hash. */
  z.object({ kind: z.literal("hello"), meshId: meshIdSchema, hash: hashSchema }),
  z.object({ kind: z.literal("fetch"), keys: z.array(keySchema).min(1).max(MAX_KEYS) }),
]);
type Request = z.infer<typeof requestSchema>;

const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("same") }),
  /** Key and digest of all that the answerer holds. */
  z.object({ kind: z.literal("index"), entries: z.array(z.tuple([keySchema, hashSchema])).max(MAX_ENTRIES) }),
  z.object({
    kind: z.literal("envelopes"),
    /** How many of the keys asked for were looked at: ask again for the rest. */
    answered: z.int().min(1),
    /** Read one by one: a bad one does not spoil the others. */
    envelopes: z.array(z.unknown()).max(MAX_KEYS),
  }),
]);
type Answer = z.infer<typeof answerSchema>;

export interface TrustIntroductionComponents {
  readonly trust: Pick<Trust, "meshId" | "hash" | "statement" | "statements" | "envelopes" | "merge">;
}

/**
 * What two members tell each other before anything else: all statements that one of them lacks. Each side asks for
 * what it lacks itself.
 */
export class TrustIntroduction implements Introduction {
  readonly #trust: TrustIntroductionComponents["trust"];

  constructor({ trust }: TrustIntroductionComponents) {
    this.#trust = trust;
  }

  /** @throws MeshError PERMISSION_DENIED when the peer is of another mesh; DATA_LOSS when it answers nonsense */
  async introduce(_peer: NodeId, ask: (payload: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    const { meshId, hash } = this.#trust;
    const index = await exchange(ask, { kind: "hello", meshId, hash });
    if (index.kind === "same") return;
    if (index.kind !== "index") throw nonsense();
    const unknown = index.entries.filter(([key, digest]) => this.#trust.statement(key)?.digest !== digest);
    let wanted = [...new Set(unknown.map(([key]) => key))];
    const envelopes: unknown[] = [];
    let characters = 0;
    while (wanted.length > 0 && characters < MAX_CHARACTERS) {
      const keys = wanted.slice(0, MAX_KEYS);
      const page = await exchange(ask, { kind: "fetch", keys });
      if (page.kind !== "envelopes" || page.answered > keys.length) throw nonsense();
      // One for each key at most: what comes in all is bounded by the index.
      if (page.envelopes.length > page.answered) throw nonsense();
      wanted = wanted.slice(page.answered);
      envelopes.push(...page.envelopes);
      characters += lengthOf(page.envelopes);
    }
    // All at once: some can be verified only with others.
    if (envelopes.length > 0) await this.#trust.merge(envelopes as Envelope[]);
  }

  /** @throws MeshError PERMISSION_DENIED when the peer is of another mesh; INVALID_ARGUMENT for nonsense */
  async answer(_peer: NodeId, payload: Uint8Array): Promise<Uint8Array> {
    const request = parseInput(requestSchema, readJson(payload, "INVALID_ARGUMENT"), "introduction");
    return write(request.kind === "hello" ? this.#greet(request) : this.#page(request.keys));
  }

  #greet({ meshId, hash }: Extract<Request, { kind: "hello" }>): Answer {
    if (meshId !== this.#trust.meshId) {
      throw new MeshError("PERMISSION_DENIED", "This peer belongs to another mesh");
    }
    if (hash === this.#trust.hash) return { kind: "same" };
    const entries = [...this.#trust.statements()].map(({ key, digest }): [string, string] => [key, digest]);
    return { kind: "index", entries };
  }

  #page(keys: readonly string[]): Answer {
    const envelopes: Envelope[] = [];
    let characters = 0;
    let answered = 0;
    for (const key of keys) {
      if (characters > PAGE_CHARACTERS) break;
      answered++;
      const found = this.#trust.envelopes([key]);
      envelopes.push(...found);
      characters += lengthOf(found);
    }
    return { kind: "envelopes", answered, envelopes };
  }
}

async function exchange(
  ask: (payload: Uint8Array) => Promise<Uint8Array>,
  request: Request,
): Promise<Answer> {
  const result = answerSchema.safeParse(readJson(await ask(write(request)), "DATA_LOSS"));
  if (!result.success) throw nonsense(result.error);
  return result.data;
}

function write(message: Request | Answer): Uint8Array {
  return encodeJson(message);
}

function readJson(payload: Uint8Array, code: "INVALID_ARGUMENT" | "DATA_LOSS"): unknown {
  const json = decodeJson(payload);
  if (json === undefined) throw new MeshError(code, "The introduction is no JSON");
  return json;
}

function lengthOf(envelopes: readonly unknown[]): number {
  return JSON.stringify(envelopes).length;
}

function nonsense(cause?: unknown): MeshError {
  return new MeshError("DATA_LOSS", "The introduction was answered with something else", {}, { cause });
}
