import type { GpioChange } from "@pi-controller/schema";
import type { Requester } from "../asking.ts";
import type { ChangeFilter } from "./changes-call.ts";

/**
 * Which changes somebody hears of: those that he asked for and may watch. A pin that nobody holds belongs to no tenant:
 * only who may watch all of them sees it.
 */
export function wantedChanges(
  { namespace, ids }: ChangeFilter,
  requester: Requester,
): (change: GpioChange) => boolean {
  const followed = ids === null ? undefined : new Set(ids);
  const mayWatch = new Map<string | null, boolean>();
  return (change) => {
    if (namespace !== null && change.namespace !== namespace) return false;
    if (followed !== undefined && (change.reservation === null || !followed.has(change.reservation)))
      return false;
    const known = mayWatch.get(change.namespace);
    if (known !== undefined) return known;
    const scope = change.namespace === null ? {} : { namespace: change.namespace };
    const allowed = requester.refusal({ verb: "watch", resource: "gpio", ...scope }) === undefined;
    mayWatch.set(change.namespace, allowed);
    return allowed;
  };
}

/** @returns why somebody may not follow what he asked for; undefined when he may, or may see some of it */
export function watchRefusal({ namespace }: ChangeFilter, requester: Requester): string | undefined {
  return requester.refusal({
    verb: "watch",
    resource: "gpio",
    namespace: namespace ?? { any: true },
  });
}
