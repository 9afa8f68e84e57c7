import { confirmationSchema, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../client-context.ts";
import { Field } from "../components/field.tsx";
import { ConfirmPassword } from "../components/password-field.tsx";
import { actOnOneself, farewellOf } from "../connection/farewell.ts";
import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { CONFIRMED_AT_OTHER_NODE } from "../forms/timeouts.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { useSession } from "../session/session-context.ts";

interface Properties {
  /** Of the node that serves this page. */
  readonly name: string;
  readonly onClose: () => void;
}

/** Sends the node that serves this page out of the mesh. */
export function LeaveDialog({ name, onClose }: Properties) {
  const client = useClient();
  const identity = useIdentity();
  const session = useSession();
  const submission = useSubmission();
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");
  const others = (session.nodes.value?.value ?? []).filter((node) => !node.self && node.kind === "peer");
  const leave = async () => {
    const confirmation = parseInput(confirmationSchema, { password }, "confirmation");
    await actOnOneself(name, () => client.leaveMesh(confirmation, CONFIRMED_AT_OTHER_NODE));
    identity.bidFarewell(farewellOf("left", name, session.nodes.value?.value ?? []));
  };
  return (
    <FormDialog
      title={`Should ${name} leave the mesh?`}
      action={`${name} leaves`}
      busyText="Leaving …"
      danger
      cancel="Stay"
      submission={submission}
      shownFields={["password"]}
      disabled={typed.trim() !== name || password === ""}
      onSubmit={leave}
      onClose={onClose}
    >
      {others.length === 0 && (
        <p class="warning" role="alert">
          <b>It is the only node.</b> With it the mesh ends: its users, roles and tokens are gone for good.
        </p>
      )}
      <ul class="bullets">
        <li>Its keys, and its copy of what the mesh shares, are wiped. That cannot be undone.</li>
        <li>Your session here ends{others.length === 0 ? "." : "; you go on at another node."}</li>
        <li>It starts again with a new set-up code, and can be added to any mesh.</li>
      </ul>
      <Field
        label={`Type ${name} to confirm`}
        value={typed}
        onInput={setTyped}
        autoFocus
        problem={
          typed !== "" && !name.startsWith(typed.trim()) ? "This is not the name of this node." : undefined
        }
      />
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
