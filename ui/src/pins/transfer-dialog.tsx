import { type GpioView, MeshError, parseInput, transferSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { useHeldHere } from "./held-here-context.ts";

interface Properties {
  readonly view: GpioView;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Hands a reservation over to another user; the pin stays as it is. */
export function TransferDialog({ view, onChanged, onClose }: Properties) {
  const { client } = useSession();
  const held = useHeldHere();
  const submission = useSubmission();
  const [to, setTo] = useState("");
  const [purpose, setPurpose] = useState("");
  const transfer = async () => {
    const { id, token } = view;
    if (token === null) throw new MeshError("FAILED_PRECONDITION", "It is not held any more");
    const change = { token, to: to.trim(), ...(purpose.trim() === "" ? {} : { purpose: purpose.trim() }) };
    await client.gpio.transfer(id, parseInput(transferSchema, change, "transfer"));
    // Its new token is not ours: what is renewed here would be told that it is lost.
    held.letGo(id);
    onChanged();
    onClose();
  };
  return (
    <FormDialog
      title={`Hand ${view.resource} over`}
      action="Hand over"
      busyText="Handing over …"
      submission={submission}
      shownFields={["to", "purpose"]}
      disabled={to.trim() === ""}
      onSubmit={transfer}
      onClose={onClose}
    >
      <p>
        The pin stays as it is. Your token is good for nothing from then on
        {view.ttlMs === null ? "." : ", and it is for the new holder to renew the lease."}
      </p>
      <Field
        label="To the user"
        value={to}
        onInput={setTo}
        autoFocus
        placeholder="ann"
        problem={submission.problemOf("to")}
      />
      <Field
        label="New purpose (optional)"
        value={purpose}
        onInput={setPurpose}
        placeholder={view.purpose}
        problem={submission.problemOf("purpose")}
      />
    </FormDialog>
  );
}
