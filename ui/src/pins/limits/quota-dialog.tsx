import type { GpioQuotaView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";
import { emptyQuota, quotaDraft, quotaFields, quotaOf } from "./quota-fields.ts";

interface Properties {
  /** The quota to change; null to limit another namespace. */
  readonly quota: GpioQuotaView | null;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Limits what a namespace may hold. */
export function QuotaDialog({ quota, onSaved, onClose }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  const [draft, setDraft] = useState(quota === null ? emptyQuota : quotaDraft(quota));
  const save = async () => {
    await client.gpio.setQuota(quotaOf(draft));
    onSaved();
    onClose();
  };
  return (
    <FormDialog
      title={quota === null ? "New quota" : `Change the quota of ${quota.namespace}`}
      action="Save"
      busyText="Saving …"
      submission={submission}
      shownFields={["namespace", ...quotaFields.map(([field]) => field)]}
      onSubmit={save}
      onClose={onClose}
    >
      {quota === null && (
        <Field
          label="Namespace"
          value={draft.namespace}
          onInput={(namespace) => setDraft({ ...draft, namespace })}
          autoFocus
          code
          placeholder="garden"
          hint="A quota that it has already is replaced."
          problem={submission.problemOf("namespace")}
        />
      )}
      <p class="hint">What is left empty is not limited. What is held already stays.</p>
      {quotaFields.map(([field, label, unit]) => (
        <Field
          key={field}
          label={`${label}${unit === "" ? "" : `, in${unit}`}`}
          value={draft[field]}
          onInput={(text) => setDraft({ ...draft, [field]: text })}
          inputMode="numeric"
          placeholder="no limit"
          problem={submission.problemOf(field)}
        />
      ))}
    </FormDialog>
  );
}
