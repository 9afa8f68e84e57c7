import { randomBytes } from "node:crypto";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { type BoxContext, sealTo } from "../../crypto/box.ts";
import { fromBase64Url } from "../../crypto/encoding.ts";
import type { Envelope, StatementOf } from "../statements.ts";
import type { SigningKey, TrustView } from "../trust-port.ts";
import type { StatementSigner } from "./credentials.ts";

export const MESH_SECRET_BYTES = 32;
const KEY_BYTES = 32;

/** The secret that all members share, of one epoch. */
export interface MeshSecret {
  readonly epoch: number;
  readonly secret: Uint8Array;
}

/** What a mesh secret is sealed to a member as. */
export function meshSecretContext(node: NodeId, epoch: number): BoxContext {
  return { purpose: "mesh-secret", subject: `mesh-secret/${node} ${epoch}` };
}

/** @param epoch of the first one: 1 */
export function newMeshSecret(epoch: number): MeshSecret {
  return { epoch, secret: new Uint8Array(randomBytes(MESH_SECRET_BYTES)) };
}

/** The secret after all that the view knows of: for when somebody who knew those must not know it. */
export function nextMeshSecret(view: Pick<TrustView, "meshSecrets">): MeshSecret {
  return newMeshSecret(newestEpoch(view) + 1);
}

/** The latest epoch that anybody was given; 0 when nobody was given any. */
export function newestEpoch(view: Pick<TrustView, "meshSecrets">): number {
  let newest = 0;
  for (const { epoch } of view.meshSecrets.values()) newest = Math.max(newest, epoch);
  return newest;
}

/**
 * Gives a secret to members, each by himself. 1 ms a member. Who has stated a key that nothing can be sealed to gets
 * none, so that he keeps nobody else from getting it.
 *
 * @param members entries, of which the key to seal to is taken
 * @param key the authority's, or of the sponsor of them all
 */
export async function meshSecretStatements(
  signer: StatementSigner,
  members: readonly StatementOf<"member">[],
  secret: MeshSecret,
  key: SigningKey,
): Promise<Envelope[]> {
  const envelopes: Envelope[] = [];
  for (const member of members) {
    try {
      envelopes.push(await meshSecretStatement(signer, member, secret, key));
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "INVALID_ARGUMENT") throw error;
    }
  }
  return envelopes;
}

/** Gives a secret to one member. @throws MeshError INVALID_ARGUMENT when nothing can be sealed to his key */
export async function meshSecretStatement(
  signer: StatementSigner,
  { node, boxKey }: StatementOf<"member">,
  { epoch, secret }: MeshSecret,
  key: SigningKey,
): Promise<Envelope> {
  const publicKey = fromBase64Url(boxKey, KEY_BYTES) ?? new Uint8Array();
  const box = await sealTo(publicKey, secret, meshSecretContext(node, epoch));
  return signer.sign({ kind: "mesh-secret", node, epoch, box }, [key]);
}
