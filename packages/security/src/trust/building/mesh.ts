import { publicKeyOfSeed } from "../../crypto/ed25519.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import { type PasswordCost, type PasswordHasher } from "../../crypto/password.ts";
import { type NodeKey, signingKey } from "../../crypto/signing-keys.ts";
import { newSeed } from "../../crypto/tokens.ts";
import type { AuthorityKey } from "../../keys.ts";
import { meshIdOf, signStatement } from "../signed-statement.ts";
import type { Envelope, StatementOf } from "../statements.ts";
import { unsealedAuthority } from "../unsealed-keys.ts";
import { authorityStatement } from "./authority.ts";
import type { StatementSigner } from "./credentials.ts";
import { type MeshSecret, meshSecretStatements, newMeshSecret } from "./mesh-secrets.ts";
import { newUser } from "./users.ts";

export interface NewMesh {
  readonly meshName: string;
  readonly userName: string;
  readonly password: string;
  /** Of the X.509 root, PEM. */
  readonly rootCertificate: string;
  /** Its private key: PKCS #8, DER. Copied. */
  readonly rootKey: Uint8Array;
  /** The first member. */
  readonly node: NodeKey;
  /** In ms since 1970. */
  readonly nowMs: number;
}

export interface FoundedMesh {
  readonly meshId: string;
  /** All that the first member has to hold; each is of version 1. */
  readonly envelopes: readonly Envelope[];
  readonly meshSecret: MeshSecret;
  /** Unsealed, to sign what else the first member needs; to be wiped. */
  readonly authority: AuthorityKey;
}

/**
 * Founds a mesh: its authority, its first admin and its first member.
 *
 * @param cost of checking the admin's password
 * @throws MeshError INVALID_ARGUMENT for a name that is none; RESOURCE_EXHAUSTED when too many passwords wait
 */
export async function newMesh(
  { hasher }: { readonly hasher: Pick<PasswordHasher, "derive"> },
  { meshName, userName, password, rootCertificate, rootKey, node, nowMs }: NewMesh,
  cost?: PasswordCost,
): Promise<FoundedMesh> {
  const signer = firstVersions(nowMs);
  const seed = newSeed();
  const authorityKey = signingKey({ kind: "authority" }, seed);
  const authorityPublicKey = toBase64Url(publicKeyOfSeed(seed));
  const genesis = signer.sign(
    { kind: "genesis", version: 1, meshName, authority: authorityPublicKey, rootCertificate },
    [authorityKey],
  );
  const admin = { name: userName, roles: ["admin"], oidcSubject: null, password, createdMs: nowMs };
  const { envelopes: user, key } = await newUser({ signer, hasher }, admin, authorityKey, cost);
  const authority = unsealedAuthority(key, seed, rootKey.slice());
  const entry = {
    kind: "member",
    node: node.node,
    boxKey: toBase64Url(node.box.publicKey),
    admittedBy: { kind: "authority", user: key.user.id },
  } as const;
  const member = signer.sign(entry, [authority]);
  const meshSecret = newMeshSecret(1);
  const members = [JSON.parse(member.statement) as StatementOf<"member">];
  return {
    meshId: meshIdOf(genesis),
    envelopes: [
      genesis,
      await authorityStatement(signer, [key.user], authority),
      ...user,
      member,
      ...(await meshSecretStatements(signer, members, meshSecret, authority)),
    ],
    meshSecret,
    authority,
  };
}

/** Signs what nobody has stated before. */
function firstVersions(nowMs: number): StatementSigner {
  const issuedAt = new Date(nowMs).toISOString();
  return {
    sign: (draft, keys) => signStatement({ version: 1, issuedAt, ...draft }, keys),
  };
}
