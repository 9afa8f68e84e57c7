import {
  type GpioPolicy,
  type GpioQuota,
  type GpioQuotaView,
  gpioPolicySchema,
  MeshError,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import { policyCollection, quotasCollection } from "../collections.ts";
import { usageOf } from "../ledger/usage.ts";
import { demand, mayIn } from "./access.ts";
import type { GpioDocuments, GpioNodes } from "./ports.ts";
import type { ReservationViews } from "./reservation-views.ts";

export interface LimitSettingsComponents {
  readonly nodes: GpioNodes;
  readonly documents: Pick<GpioDocuments, "mesh">;
  readonly views: Pick<ReservationViews, "recordsOf">;
}

/** Key of the one policy. */
const POLICY = "mesh";

/** What tenants may hold, and what nodes do by themselves: agreed by all, in the mesh document. */
export class LimitSettings {
  readonly #components: LimitSettingsComponents;

  constructor(components: LimitSettingsComponents) {
    this.#components = components;
  }

  /** As `GpioUseCases.quotas`: those that the requester may see. */
  quotas({ requester }: Asking): readonly GpioQuotaView[] {
    const access = { verb: "list", resource: "gpio-quotas" } as const;
    demand(requester, { ...access, namespace: { any: true } });
    const isShown = mayIn(requester, access);
    const quotas = this.#components.documents.mesh.collection(quotasCollection);
    // One under another key is nobody's: a hostile record, which no owner goes by.
    const shown = quotas
      .all()
      .filter((quota) => quotas.get(quota.namespace) === quota && isShown(quota.namespace));
    return this.#views(shown);
  }

  /**
   * As `GpioUseCases.setQuota`. What is held already stays held. It takes a right to quotas as such: whoever may do
   * everything in a namespace must not be able to lift its limit.
   */
  async setQuota(quota: GpioQuota, { requester }: Asking): Promise<GpioQuotaView> {
    const { namespace } = quota;
    demand(requester, { verb: "create", resource: "gpio-quotas" });
    await this.#components.documents.mesh.collection(quotasCollection).put(namespace, quota);
    const [view] = this.#views([quota]);
    if (view === undefined) throw new MeshError("INTERNAL", "A quota has no view");
    return view;
  }

  /** As `GpioUseCases.removeQuota`. @throws MeshError NOT_FOUND */
  async removeQuota(namespace: string, { requester }: Asking): Promise<void> {
    demand(requester, { verb: "delete", resource: "gpio-quotas" });
    const quotas = this.#components.documents.mesh.collection(quotasCollection);
    if (quotas.get(namespace) === undefined) {
      throw new MeshError("NOT_FOUND", `There is no quota for the namespace ${namespace}`);
    }
    await quotas.delete(namespace);
  }

  policy({ requester }: Asking): GpioPolicy {
    demand(requester, { verb: "get", resource: "gpio-policy" });
    const agreed = this.#components.documents.mesh.collection(policyCollection).get(POLICY);
    return agreed ?? gpioPolicySchema.parse({});
  }

  async setPolicy(policy: GpioPolicy, { requester }: Asking): Promise<GpioPolicy> {
    demand(requester, { verb: "update", resource: "gpio-policy" });
    await this.#components.documents.mesh.collection(policyCollection).put(POLICY, policy);
    return policy;
  }

  /** All records are gone through once, however many quotas there are. */
  #views(quotas: readonly GpioQuota[]): readonly GpioQuotaView[] {
    const { nodes, views } = this.#components;
    const recordsOf = Map.groupBy(
      nodes.all().flatMap((node) => views.recordsOf(node)),
      ({ namespace }) => namespace,
    );
    return quotas.map((quota) => ({ ...quota, used: usageOf(recordsOf.get(quota.namespace) ?? [], null) }));
  }
}
