import type { GpioQuotaView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { Meter } from "../../components/meter.tsx";
import { useMay } from "../../identity/identity-context.ts";
import { Section } from "../../security/section.tsx";
import { useLoaded } from "../../session/use-loaded.ts";
import { QuotaDialog } from "./quota-dialog.tsx";
import { quotaFields, quotaUse } from "./quota-fields.ts";
import { RemoveQuotaDialog } from "./remove-quota-dialog.tsx";

type Open =
  | { readonly kind: "edit"; readonly quota: GpioQuotaView | null }
  | { readonly kind: "remove"; readonly quota: GpioQuotaView };

/** What each namespace may hold at most, and what of that it holds. */
export function QuotasSection() {
  const may = useMay();
  const loaded = useLoaded((client, call) => client.gpio.quotas(call));
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  return (
    <Section
      title="Quotas"
      lead="What a namespace may hold at most in the whole mesh. Nodes that are apart do not know of each other’s newest grants: it may be more for a while."
      actions={
        may("create", "gpio-quotas") && (
          <button type="button" class="primary" onClick={() => setOpen({ kind: "edit", quota: null })}>
            <Icon name="plus" /> New quota
          </button>
        )
      }
    >
      <LoadedContent loaded={loaded}>
        {(quotas) => (
          <ListTable
            label="Quotas"
            rows={quotas}
            keyOf={({ namespace }) => namespace}
            empty={<p>No namespace is limited.</p>}
            columns={[
              { label: "Namespace", cell: ({ namespace }) => <b>{namespace}</b> },
              ...quotaFields.map(([field, label, unit]) => ({
                label,
                cell: (quota: GpioQuotaView) => {
                  const { text, ratio } = quotaUse(quota, field, unit);
                  return (
                    <span class="value">
                      {text}
                      {ratio !== null && <Meter ratio={ratio} />}
                    </span>
                  );
                },
              })),
            ]}
            actions={(quota) => (
              <>
                {may("create", "gpio-quotas") && (
                  <button
                    type="button"
                    aria-label={`Change the quota of ${quota.namespace}`}
                    onClick={() => setOpen({ kind: "edit", quota })}
                  >
                    Change
                  </button>
                )}
                {may("delete", "gpio-quotas") && (
                  <button
                    type="button"
                    class="danger"
                    aria-label={`Remove the quota of ${quota.namespace}`}
                    onClick={() => setOpen({ kind: "remove", quota })}
                  >
                    Remove
                  </button>
                )}
              </>
            )}
          />
        )}
      </LoadedContent>
      {open?.kind === "edit" && <QuotaDialog quota={open.quota} onSaved={loaded.reload} onClose={close} />}
      {open?.kind === "remove" && (
        <RemoveQuotaDialog quota={open.quota} onRemoved={loaded.reload} onClose={close} />
      )}
    </Section>
  );
}
