import { type Access, type PrincipalView, rulesAllow } from "@pi-controller/schema";

/**
 * May the principal do something that also takes the authority of the mesh, which his password unseals? An admin
 * whom an OpenID provider alone knows has the right and no such password.
 */
export function canWithAuthority(principal: PrincipalView, access: Access): boolean {
  return principal.canUnseal && rulesAllow(principal.rules, access);
}
