import type { GpioMode } from "@pi-controller/schema";
import { conflictOf } from "./claims.ts";
import type { Ledger, PwmMethod, ResourceRules } from "./ledger.ts";

/** See `LedgerDecisions`. `auto` never waits for a channel, nor takes one from anybody. */
export function settleMode(ledger: Ledger, rules: ResourceRules, resource: string, mode: GpioMode): GpioMode {
  if (mode.kind !== "pwm" || mode.method !== "auto") return mode;
  const methods = rules.pwmMethods(resource, mode);
  const [best, ...rest] = methods;
  if (best === undefined || rest.length === 0) return best === undefined ? mode : { ...mode, method: best };
  const claimsOf = (method: PwmMethod) => rules.claims(resource, { ...mode, method });
  // Whoever has the pin itself is in the way of each method, and leaves the channel together with the pin.
  const others = [...ledger.entries.values()].filter(({ claims }) =>
    methods.some((method) => conflictOf(claimsOf(method), claims) === undefined),
  );
  const free = methods.find((method) =>
    others.every(({ claims }) => conflictOf(claimsOf(method), claims) === undefined),
  );
  return { ...mode, method: free ?? best };
}
