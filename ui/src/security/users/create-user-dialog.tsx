import { parseInput, userCreationSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Field } from "../../components/field.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { NewPassword, newPasswordProblem } from "../../forms/new-password.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useIdentity } from "../../identity/identity-context.ts";
import { RoleChoice } from "./role-choice.tsx";

interface Properties {
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Makes a user with a first password, which an admin hands over. */
export function CreateUserDialog({ onSaved, onClose }: Properties) {
  const client = useClient();
  const status = useIdentity().status.value;
  const submission = useSubmission();
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<readonly string[]>(["monitor"]);
  const [entry, setEntry] = useState({ password: "", repeated: "" });
  const [subject, setSubject] = useState("");
  const [password, setPassword] = useState("");
  const create = async () => {
    const creation = {
      name: name.trim(),
      roles,
      newPassword: entry.password,
      ...(subject.trim() === "" ? {} : { oidcSubject: subject.trim() }),
      password,
    };
    await client.users.create(parseInput(userCreationSchema, creation, "user"), CONFIRMED);
    onSaved();
    onClose();
  };
  return (
    <FormDialog
      title="New user"
      action="Make the user"
      busyText="Making keys …"
      submission={submission}
      shownFields={["name", "roles", "newPassword", "oidcSubject", "password"]}
      disabled={password === "" || newPasswordProblem(entry) !== null}
      onSubmit={create}
      onClose={onClose}
    >
      <Field
        label="User name"
        value={name}
        onInput={setName}
        autoFocus
        placeholder="ann"
        problem={submission.problemOf("name")}
      />
      <RoleChoice chosen={roles} onChange={setRoles} problem={submission.problemUnder("roles")} />
      <NewPassword
        label="First password"
        entry={entry}
        onChange={setEntry}
        context={[name, status?.meshName ?? ""]}
        problem={submission.problemOf("newPassword")}
      />
      <p class="hint">Hand it over in person; the user should change it after the first login.</p>
      {status !== null && status.oidc !== null && (
        <Field
          label={`Subject at ${status.oidc.label} (optional)`}
          value={subject}
          onInput={setSubject}
          code
          hint="With it the user can log in through the provider, too."
          problem={submission.problemOf("oidcSubject")}
        />
      )}
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
