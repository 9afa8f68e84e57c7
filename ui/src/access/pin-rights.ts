import { type Rule, rulesAllow, type Verb } from "@pi-controller/schema";
import { useIdentity } from "../identity/identity-context.ts";

/**
 * Whether rules allow something with pins of a namespace; without one, in any namespace at all: the owner of the pin
 * asks again when it knows which.
 */
export function mayWithPins(rules: readonly Rule[], verb: Verb, namespace?: string): boolean {
  return rulesAllow(rules, { verb, resource: "gpio", namespace: namespace ?? { any: true } });
}

/** What the user may do with pins, by the rules that the peer told. */
export function usePinRights(): (verb: Verb, namespace?: string) => boolean {
  const principal = useIdentity().principal.value;
  return (verb, namespace) => principal !== null && mayWithPins(principal.rules, verb, namespace);
}
