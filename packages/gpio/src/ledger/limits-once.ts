import type { Limits, Usage } from "./ledger.ts";

/**
 * The same limits for the length of one decision, in which what a tenant holds elsewhere is asked once: it is summed
 * up from the documents of all nodes, and a decision looks at everyone in line.
 */
export function limitsOnce(limits: Limits): Limits {
  const known = new Map<string, Usage>();
  return {
    quotaOf: (namespace) => limits.quotaOf(namespace),
    usedElsewhere(namespace) {
      const usage = known.get(namespace) ?? limits.usedElsewhere(namespace);
      known.set(namespace, usage);
      return usage;
    },
    boardMilliwatts: limits.boardMilliwatts,
  };
}
