import { newUserId } from "../../crypto/crockford.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import type { PasswordCost } from "../../crypto/password.ts";
import { userKeysOf } from "../../crypto/signing-keys.ts";
import { newSeed } from "../../crypto/tokens.ts";
import type { UserKey } from "../../keys.ts";
import type { Envelope, StatementOf } from "../statements.ts";
import type { SigningKey } from "../trust-port.ts";
import { unsealedUser } from "../unsealed-keys.ts";
import { type CredentialComponents, credentialOf } from "./credentials.ts";

export interface NewUser {
  readonly name: string;
  readonly roles: readonly string[];
  readonly oidcSubject: string | null;
  readonly password: string;
  /** In ms since 1970. */
  readonly createdMs: number;
}

export interface BuiltUser {
  /** The user, then his credential. */
  readonly envelopes: readonly [Envelope, Envelope];
  /** With the statement as it was signed. */
  readonly key: UserKey;
}

/**
 * A new user with his credential.
 *
 * @param cost of checking his password
 * @throws MeshError as `credentialOf`
 */
export function newUser(
  components: CredentialComponents,
  { name, roles, oidcSubject, password, createdMs }: NewUser,
  authority: SigningKey,
  cost?: PasswordCost,
): Promise<BuiltUser> {
  const fields = {
    kind: "user" as const,
    id: newUserId(),
    name,
    roles: [...roles],
    createdAt: new Date(createdMs).toISOString(),
    disabled: false,
    deleted: false,
    oidcSubject,
  };
  return withNewKeys(components, fields, password, authority, cost);
}

/**
 * A user whose password is forgotten: he gets new keys, so that what his old ones signed is void. When he keeps the
 * authority, it has to be sealed to his new box key: `authorityStatement`.
 *
 * @param user with whatever else changes; its version and time are those of the statement that this one replaces
 */
export function resetUser(
  components: CredentialComponents,
  user: StatementOf<"user">,
  password: string,
  authority: SigningKey,
  cost?: PasswordCost,
): Promise<BuiltUser> {
  const {
    version: _version,
    issuedAt: _issuedAt,
    signingKey: _signingKey,
    boxKey: _boxKey,
    ...fields
  } = user;
  return withNewKeys(components, fields, password, authority, cost);
}

async function withNewKeys(
  components: CredentialComponents,
  fields: Omit<StatementOf<"user">, "version" | "issuedAt" | "signingKey" | "boxKey">,
  password: string,
  authority: SigningKey,
  cost: PasswordCost | undefined,
): Promise<BuiltUser> {
  const seed = newSeed();
  const keys = userKeysOf(fields.id, seed);
  const signingKey = toBase64Url(keys.publicKey);
  const boxKey = toBase64Url(keys.box.publicKey);
  const envelope = components.signer.sign({ ...fields, signingKey, boxKey }, [authority]);
  const user = JSON.parse(envelope.statement) as StatementOf<"user">;
  const credential = await credentialOf(components, user, seed, password, cost);
  return { envelopes: [envelope, credential], key: unsealedUser(user, seed) };
}
