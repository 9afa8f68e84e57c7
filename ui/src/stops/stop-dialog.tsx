import type { NodeId } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { useStops } from "./stops-context.ts";

interface Properties {
  /** Null: all nodes. */
  readonly node: { readonly id: NodeId; readonly name: string } | null;
  readonly onClose: () => void;
}

/** Stops the outputs of one node or of all, after one more click. */
export function StopDialog({ node, onClose }: Properties) {
  const { client } = useSession();
  const stops = useStops();
  const submission = useSubmission();
  const [reason, setReason] = useState("");
  const stop = async () => {
    stops.replace(await client.gpio.stop(node?.id ?? null, reason.trim()));
    onClose();
  };
  const where = node === null ? "all nodes" : node.name;
  return (
    <FormDialog
      title={`Stop all outputs of ${where}?`}
      action={`Stop ${where}`}
      busyText="Stopping …"
      danger
      submission={submission}
      shownFields={["reason"]}
      onSubmit={stop}
      onClose={onClose}
    >
      <p>
        Every output and PWM of {where} goes to the state that its reservation names for its end, or lets go.
        Nobody can drive any until the stop is cleared. Inputs go on.
      </p>
      {node === null && <p class="muted">Nodes that are out of reach stop as soon as they hear of it.</p>}
      <Field
        label="Reason (optional)"
        value={reason}
        onInput={setReason}
        autoFocus
        hint="All see it, with your name."
        problem={submission.problemOf("reason")}
      />
    </FormDialog>
  );
}
