import { defineCollection, type ReadonlyDocument } from "@pi-controller/document";
import {
  desiredRecordSchema,
  type EmergencyStop,
  emergencyStopSchema,
  gpioPolicySchema,
  gpioQuotaSchema,
  reservationRecordSchema,
} from "@pi-controller/schema";

/** What a node granted and keeps in line: in its own document, written by it alone. */
export const reservationsCollection = defineCollection({
  name: "gpio-reservations",
  schema: reservationRecordSchema,
});

/** Emergency stops: in the mesh document for all nodes, in a node's own for itself. One record each, so that
 * clearing one never clears another that was not seen. */
export const stopsCollection = defineCollection({ name: "gpio-stops", schema: emergencyStopSchema });

/**
 * The stops of a document that stand. One under another key than its own id is none: no peer of ours writes such, and
 * nobody could clear it.
 */
export function stopsIn(document: ReadonlyDocument): readonly EmergencyStop[] {
  const stops = document.collection(stopsCollection);
  return stops.all().filter((stop) => stops.get(stop.id) === stop);
}

/** Limits of tenants, in the mesh document, by namespace. */
export const quotasCollection = defineCollection({ name: "gpio-quotas", schema: gpioQuotaSchema });

/** One record, `mesh`, in the mesh document. */
export const policyCollection = defineCollection({ name: "gpio-policy", schema: gpioPolicySchema });

/** Values for pins whose owner was away, in the mesh document, by reservation. */
export const desiredCollection = defineCollection({ name: "gpio-desired", schema: desiredRecordSchema });
