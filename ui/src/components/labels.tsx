import type { NodeView } from "@pi-controller/schema";

/** Labels as small tags. */
export function Labels({ labels }: { readonly labels: NodeView["labels"] }) {
  const entries = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <ul class="label-list" aria-label="Labels">
      {entries.map(([key, value]) => (
        <li key={key}>{value === "" ? key : `${key}=${value}`}</li>
      ))}
    </ul>
  );
}
