import type { Access, PrincipalView } from "@pi-controller/schema";
import { MeshError, rulesAllow } from "@pi-controller/schema";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { canWithAuthority } from "../access/can.ts";
import { useSecond } from "../time/use-second.ts";
import type { Identity } from "./identity.ts";

export const IdentityContext = createContext<Identity | null>(null);

/** Who uses this page. */
export function useIdentity(): Identity {
  const identity = useContext(IdentityContext);
  if (identity === null)
    throw new MeshError("INTERNAL", "A component stands outside of the identity's context");
  return identity;
}

/** Whether the user may do something, by the rules that the peer told. */
export function useMay(): (verb: Access["verb"], resource: Access["resource"], name?: string) => boolean {
  const principal = useIdentity().principal.value;
  return (verb, resource, name) =>
    principal !== null && rulesAllow(principal.rules, accessOf(verb, resource, name));
}

/** The same, for what also takes the authority of the mesh, which the user's password unseals. */
export function useMayWithAuthority(): ReturnType<typeof useMay> {
  const principal = useIdentity().principal.value;
  return (verb, resource, name) =>
    principal !== null && canWithAuthority(principal, accessOf(verb, resource, name));
}

/** The user. For pages that only somebody who is logged in sees. */
export function usePrincipal(): PrincipalView {
  const principal = useIdentity().principal.value;
  if (principal === null) throw new MeshError("INTERNAL", "This page is for somebody who is logged in");
  return principal;
}

/** The wall clock by which the peer judges expiry, in ms, to the second; null before its first answer. */
export function usePeerNow(): number | null {
  useSecond();
  return useIdentity().peerNow();
}

function accessOf(verb: Access["verb"], resource: Access["resource"], name: string | undefined): Access {
  return { verb, resource, ...(name === undefined ? {} : { name }) };
}
