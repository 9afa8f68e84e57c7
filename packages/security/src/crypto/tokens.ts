import { randomBytes } from "node:crypto";
import { meshIdSchema, tokenIdSchema } from "../trust/statements.ts";
import { SEED_BYTES } from "./ed25519.ts";
import { fromBase64Url, toBase64Url } from "./encoding.ts";

/** A secret of which the mesh knows the public half alone: an Ed25519 seed. */
export interface TokenSecret {
  readonly id: string;
  readonly seed: Uint8Array;
}

export interface JoinTokenSecret extends TokenSecret {
  /** The only mesh that may admit who carries it. */
  readonly meshId: string;
}

/** 256 bits of chance. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES));
}

/** `pic_<id>_<seed>` */
export function formatApiToken({ id, seed }: TokenSecret): string {
  return `pic_${id}_${toBase64Url(seed)}`;
}

/** @returns undefined for anything else */
export function parseApiToken(text: string): TokenSecret | undefined {
  const match = /^pic_([^_]{16})_([A-Za-z0-9_-]{43})$/.exec(text);
  return match === null ? undefined : tokenOf(match[1], match[2]);
}

/** `picjoin_<id>_<mesh id>_<seed>` */
export function formatJoinToken({ id, meshId, seed }: JoinTokenSecret): string {
  return `picjoin_${id}_${meshId}_${toBase64Url(seed)}`;
}

/** @returns undefined for anything else; white space around it does not matter */
export function parseJoinToken(text: string): JoinTokenSecret | undefined {
  const match = /^picjoin_([^_]{16})_([^_]{32})_([A-Za-z0-9_-]{43})$/.exec(text.trim());
  if (match === null) return undefined;
  const meshId = meshIdSchema.safeParse(match[2]);
  const token = tokenOf(match[1], match[3]);
  return token === undefined || !meshId.success ? undefined : { ...token, meshId: meshId.data };
}

function tokenOf(idText: string | undefined, seedText: string | undefined): TokenSecret | undefined {
  const id = tokenIdSchema.safeParse(idText);
  const seed = fromBase64Url(seedText ?? "", SEED_BYTES);
  return id.success && seed !== undefined ? { id: id.data, seed } : undefined;
}
