import { parseInput, passwordChangeSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../client-context.ts";
import { DoneDialog } from "../components/done-dialog.tsx";
import { ConfirmPassword } from "../components/password-field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { NewPassword, newPasswordProblem } from "../forms/new-password.tsx";
import { useSubmission } from "../forms/submission.ts";
import { CONFIRMED } from "../forms/timeouts.ts";
import { useIdentity } from "../identity/identity-context.ts";

/** Changes one's own password. */
export function ChangePasswordDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useClient();
  const identity = useIdentity();
  const submission = useSubmission();
  const [password, setPassword] = useState("");
  const [entry, setEntry] = useState({ password: "", repeated: "" });
  const [done, setDone] = useState(false);
  const change = async () => {
    const request = parseInput(passwordChangeSchema, { password, newPassword: entry.password }, "password");
    await client.session.changePassword(request, CONFIRMED);
    setDone(true);
    await identity.ask();
  };
  if (done) {
    return (
      <DoneDialog title="Password changed" onClose={onClose}>
        Use the new one from now on, on every node. Your other sessions have ended.
      </DoneDialog>
    );
  }
  return (
    <FormDialog
      title="Change your password"
      action="Change password"
      busyText="Changing …"
      submission={submission}
      shownFields={["password", "newPassword"]}
      disabled={password === "" || newPasswordProblem(entry) !== null}
      onSubmit={change}
      onClose={onClose}
    >
      <p>Your other sessions end, on all nodes. API tokens stay.</p>
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} autoFocus />
      <NewPassword
        label="New password"
        entry={entry}
        onChange={setEntry}
        context={[identity.principal.value?.userName ?? "", identity.status.value?.meshName ?? ""]}
        problem={submission.problemOf("newPassword")}
      />
    </FormDialog>
  );
}
