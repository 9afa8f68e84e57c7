import type { GpioQuotaView } from "@pi-controller/schema";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";

interface Properties {
  readonly quota: GpioQuotaView;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

/** Makes sure that a namespace shall have no limit any more. */
export function RemoveQuotaDialog({ quota, onRemoved, onClose }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  return (
    <FormDialog
      title={`Remove the quota of ${quota.namespace}?`}
      action="Remove it"
      busyText="Removing …"
      danger
      submission={submission}
      shownFields={[]}
      onSubmit={async () => {
        await client.gpio.removeQuota(quota.namespace);
        onRemoved();
        onClose();
      }}
      onClose={onClose}
    >
      <p>{quota.namespace} may then hold as much as the boards have.</p>
    </FormDialog>
  );
}
