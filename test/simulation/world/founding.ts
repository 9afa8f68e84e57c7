import { requesterOf, rivals } from "@pi-controller/gpio/testing";
import { systemClock } from "@pi-controller/runtime";
import {
  type AuthorityKey,
  type Envelope,
  type MeshSecret,
  meshSecretStatements,
  newMesh,
  PasswordHasher,
  type StatementOf,
  type StatementSigner,
  signStatement,
  toBase64Url,
} from "@pi-controller/security";
import { type TestNode, testCost, testNode } from "@pi-controller/security/testing";

/** A mesh that was founded, with all its members: what each of their disks holds when a simulation begins. */
export interface Founding {
  readonly meshId: string;
  readonly envelopes: readonly Envelope[];
  readonly nodes: readonly TestNode[];
  /** Unsealed for as long as the simulation lasts: nobody types passwords in it. */
  readonly authority: AuthorityKey;
  readonly meshSecret: MeshSecret;
}

/**
 * Founds a mesh of so many members.
 *
 * @param nowMs when, ms since 1970
 */
export async function found(members: number, nowMs: number): Promise<Founding> {
  const nodes = Array.from({ length: members }, (_, index) => testNode(index));
  const [first] = nodes;
  if (first === undefined) throw new RangeError("A mesh has a member at least");
  const founded = await newMesh(
    { hasher: new PasswordHasher({ clock: systemClock() }) },
    {
      meshName: "simulated",
      userName: "ada",
      password: "nobody logs in here",
      rootCertificate: "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n",
      rootKey: new Uint8Array(138),
      node: first.key,
      nowMs,
    },
    testCost,
  );
  const { authority, meshSecret } = founded;
  const issuedAt = new Date(nowMs).toISOString();
  const signer: StatementSigner = {
    sign: (draft, keys) => signStatement({ version: 1, issuedAt, ...draft }, keys),
  };
  const entries = nodes.slice(1).map(({ node, key }) =>
    signer.sign(
      {
        kind: "member",
        node,
        boxKey: toBase64Url(key.box.publicKey),
        admittedBy: { kind: "authority", user: authority.user.user.id },
      },
      [authority],
    ),
  );
  const users = rivals.map((name) => userStatement(signer, name, issuedAt, authority));
  const statements = entries.map(({ statement }) => JSON.parse(statement) as StatementOf<"member">);
  const secrets = await meshSecretStatements(signer, statements, meshSecret, authority);
  return {
    meshId: founded.meshId,
    envelopes: [...founded.envelopes, ...entries, ...users, ...secrets],
    nodes,
    authority,
    meshSecret,
  };
}

/** Somebody whom the mesh knows, and who never logs in: he has no password. */
function userStatement(
  signer: StatementSigner,
  name: string,
  createdAt: string,
  authority: AuthorityKey,
): Envelope {
  const { userId } = requesterOf(name);
  const key = testNode(`user ${name}`).key;
  return signer.sign(
    {
      kind: "user",
      id: userId as StatementOf<"user">["id"],
      name,
      signingKey: toBase64Url(key.box.publicKey),
      boxKey: toBase64Url(key.box.publicKey),
      roles: ["operator"],
      createdAt,
      disabled: false,
      deleted: false,
      oidcSubject: null,
    },
    [authority],
  );
}
