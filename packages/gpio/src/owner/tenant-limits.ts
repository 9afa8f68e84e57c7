import type { ReadonlyDocument } from "@pi-controller/document";
import { type GpioPolicy, gpioPolicySchema } from "@pi-controller/schema";
import { policyCollection, quotasCollection, reservationsCollection } from "../collections.ts";
import type { Limits } from "../ledger/ledger.ts";
import { addUsage, noUsage, usageOf } from "../ledger/usage.ts";

export interface TenantLimitsComponents {
  readonly mesh: ReadonlyDocument;
  readonly otherNodes: () => Iterable<ReadonlyDocument>;
}

/**
 * Quotas and the power budget as they are now. What tenants hold on other nodes is what the documents here say of it:
 * while nodes are apart, a tenant may get more in all than his quota.
 *
 * @param boardMilliwatts what the board's documents say; null: nothing
 */
export function tenantLimits(
  { mesh, otherNodes }: TenantLimitsComponents,
  boardMilliwatts: () => number | null,
): Limits {
  return {
    quotaOf: (namespace) => mesh.collection(quotasCollection).get(namespace),
    usedElsewhere: (namespace) => {
      let used = noUsage;
      for (const node of otherNodes()) {
        used = addUsage(used, usageOf(node.collection(reservationsCollection).all(), namespace));
      }
      return used;
    },
    get boardMilliwatts() {
      return policyOf(mesh).boardMilliwatts ?? boardMilliwatts();
    },
  };
}

/** What nodes do by themselves, as agreed; where nothing was, the defaults. */
export function policyOf(mesh: ReadonlyDocument): GpioPolicy {
  return mesh.collection(policyCollection).get("mesh") ?? gpioPolicySchema.parse({});
}
