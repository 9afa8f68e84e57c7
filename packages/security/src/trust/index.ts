export { authorityStatement, keepersOf } from "./building/authority.ts";
export { type CredentialComponents, credentialOf, type StatementSigner } from "./building/credentials.ts";
export { adoptSponsored } from "./building/members.ts";
export { type FoundedMesh, type NewMesh, newMesh } from "./building/mesh.ts";
export { type MeshSecret, meshSecretStatements, nextMeshSecret } from "./building/mesh-secrets.ts";
export { overdueStatements } from "./building/overdue.ts";
export { departureStatement, revocationStatements } from "./building/revocation.ts";
export { type BuiltUser, type NewUser, newUser, resetUser } from "./building/users.ts";
export { TrustIntroduction } from "./introduction.ts";
export { type KeyringComponents, PasswordKeyring, userByName } from "./keyring.ts";
export { MeshSecrets, type MeshSecretsComponents, type MeshSecretsOptions } from "./mesh-secrets.ts";
export type { NamedSecret, SecretName } from "./secret-ring.ts";
export {
  acknowledgementsCollection,
  SecretRollover,
  type SecretRolloverComponents,
} from "./secret-rollover.ts";
export { coSign, meshIdOf, signStatement } from "./signed-statement.ts";
export * from "./statements.ts";
export { Trust, type TrustComponents, type TrustOptions } from "./trust.ts";
export { TrustCarrier, type TrustCarrierComponents, trustCollection } from "./trust-carrier.ts";
export { trustGate } from "./trust-gate.ts";
export { TrustNews, type TrustNewsComponents } from "./trust-news.ts";
export type * from "./trust-port.ts";
export { TrustStore } from "./trust-store.ts";
export { type VerifiedMesh, verifyAll } from "./verify-all.ts";
