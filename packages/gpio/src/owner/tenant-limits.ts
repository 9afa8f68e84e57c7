import type { ReadonlyDocument } from "@pi-controller/document";
import { type GpioPolicy, gpioPolicySchema, type NodeId } from "@pi-controller/schema";
import { policyCollection, quotasCollection, reservationsCollection } from "../collections.ts";
import type { Limits } from "../ledger/ledger.ts";
import { addUsage, noUsage, usageOf } from "../ledger/usage.ts";
import { isIdOf } from "../reservation-id.ts";

export interface TenantLimitsComponents {
  readonly mesh: ReadonlyDocument;
  readonly otherNodes: () => Iterable<{ readonly node: NodeId; readonly document: ReadonlyDocument }>;
}

/**
 * Quotas and the power budget as they are now. What tenants hold on other nodes is what the documents here say of it:
 * while nodes are apart, a tenant may get more in all than his quota. A node speaks of its own pins alone, and only what
 * lists show is counted.
 *
 * @param boardMilliwatts what the board's documents say; null: nothing
 */
export function tenantLimits(
  { mesh, otherNodes }: TenantLimitsComponents,
  boardMilliwatts: () => number | null,
): Limits {
  return {
    quotaOf(namespace) {
      const quota = mesh.collection(quotasCollection).get(namespace);
      return quota?.namespace === namespace ? quota : undefined;
    },
    usedElsewhere: (namespace) => {
      let used = noUsage;
      for (const { node, document } of otherNodes()) {
        const records = document.collection(reservationsCollection).all();
        used = addUsage(
          used,
          usageOf(
            records.filter(({ id }) => isIdOf(node, id)),
            namespace,
          ),
        );
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
