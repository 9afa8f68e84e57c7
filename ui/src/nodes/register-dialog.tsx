import { nodeRegistrationSchema, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { LabelEditor } from "../forms/label-editor.tsx";
import { type LabelRow, labelsOf, repeatedKeys } from "../forms/label-rows.ts";
import { useSubmission } from "../forms/submission.ts";
import { navigate } from "../route/location.ts";
import { nodePath } from "../route/route.ts";
import { useSession } from "../session/session-context.ts";

/** Asks where a machine is and tells the peer of it. A member that answers there is connected to. */
export function RegisterDialog({ onClose }: { readonly onClose: () => void }) {
  const session = useSession();
  const submission = useSubmission();
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const [macAddress, setMacAddress] = useState("");
  const [rows, setRows] = useState<readonly LabelRow[]>([]);

  const register = async () => {
    const labels = labelsOf(rows);
    const registration = {
      address: address.trim(),
      ...(name.trim() === "" ? {} : { name: name.trim() }),
      ...(macAddress.trim() === ""
        ? {}
        : { macAddress: macAddress.trim().toLowerCase().replaceAll("-", ":") }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    };
    const { value } = await session.client.nodes.create(
      parseInput(nodeRegistrationSchema, registration, "registration"),
      // The peer dials the address first, and waits for whoever answers to join.
      { timeoutMs: 30_000 },
    );
    session.noteNode(value);
    onClose();
    navigate(nodePath(value.id));
  };

  const repeated = repeatedKeys(rows);
  return (
    <FormDialog
      title="Register a machine"
      action="Register"
      busyText="Registering …"
      submission={submission}
      shownFields={["address", "name", "macAddress", "labels"]}
      disabled={repeated.length > 0}
      onSubmit={register}
      onClose={onClose}
    >
      <Field
        label="Address"
        value={address}
        onInput={setAddress}
        autoFocus
        placeholder="192.168.1.20"
        hint="Host name, IP address or multiaddr. A member that answers there is connected to; otherwise the machine is noted."
        problem={submission.problemOf("address")}
      />
      <Field
        label="Name (optional)"
        value={name}
        onInput={setName}
        placeholder="pi-kitchen"
        problem={submission.problemOf("name")}
      />
      <Field
        label="MAC address (optional)"
        value={macAddress}
        onInput={setMacAddress}
        placeholder="dc:a6:32:01:02:03"
        problem={submission.problemOf("macAddress")}
      />
      <LabelEditor rows={rows} onChange={setRows} problemOf={submission.problemOf} />
      {repeated.length > 0 && <p class="problem">These keys are there twice: {repeated.join(", ")}</p>}
    </FormDialog>
  );
}
