import { parseInput, type UserView, userChangeSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Field, SelectField } from "../../components/field.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { NewPassword, newPasswordProblem } from "../../forms/new-password.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useIdentity } from "../../identity/identity-context.ts";
import { RoleChoice } from "./role-choice.tsx";
import { changesOf, type UserDraft } from "./user-changes.ts";

interface Properties {
  readonly user: UserView;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Changes what a user may, whether he may log in, and gives him a new password when he has lost his. */
export function ChangeUserDialog({ user, onSaved, onClose }: Properties) {
  const client = useClient();
  const status = useIdentity().status.value;
  const submission = useSubmission();
  const [draft, setDraft] = useState<UserDraft>({
    roles: user.roles,
    disabled: user.disabled,
    oidcSubject: user.oidcSubject ?? "",
    newPassword: "",
  });
  const [resetting, setResetting] = useState(false);
  const [repeated, setRepeated] = useState("");
  const [password, setPassword] = useState("");
  const entry = { password: draft.newPassword, repeated };
  const changes = changesOf(user, resetting ? draft : { ...draft, newPassword: "" });
  const save = async () => {
    const change = parseInput(userChangeSchema, { ...changes, password }, "change");
    await client.users.update(user.id, change, CONFIRMED);
    onSaved();
    onClose();
  };
  return (
    <FormDialog
      title={`Change ${user.name}`}
      action="Save"
      busyText="Saving …"
      submission={submission}
      shownFields={["roles", "disabled", "newPassword", "oidcSubject", "password"]}
      disabled={
        password === "" ||
        Object.keys(changes).length === 0 ||
        (resetting && newPasswordProblem(entry) !== null)
      }
      onSubmit={save}
      onClose={onClose}
    >
      <RoleChoice
        chosen={draft.roles}
        onChange={(roles) => setDraft({ ...draft, roles })}
        problem={submission.problemUnder("roles")}
      />
      <SelectField
        label="Login"
        value={draft.disabled ? "disabled" : "allowed"}
        onChange={(value) => setDraft({ ...draft, disabled: value === "disabled" })}
        choices={[
          ["allowed", "May log in"],
          ["disabled", "Disabled: sessions and tokens do not work"],
        ]}
        problem={submission.problemOf("disabled")}
      />
      {status !== null && status.oidc !== null && (
        <Field
          label={`Subject at ${status.oidc.label} (optional)`}
          value={draft.oidcSubject}
          onInput={(oidcSubject) => setDraft({ ...draft, oidcSubject })}
          code
          problem={submission.problemOf("oidcSubject")}
        />
      )}
      {user.self ? (
        <p class="hint">Change your own password in the menu at the top, where your tokens stay.</p>
      ) : (
        <label class="choice choice-line">
          <input type="checkbox" checked={resetting} onChange={() => setResetting(!resetting)} />
          <span>
            <b>Reset the password</b>{" "}
            <span class="muted">Makes new keys: all sessions and API tokens of the user end.</span>
          </span>
        </label>
      )}
      {resetting && (
        <NewPassword
          label="New password"
          entry={entry}
          onChange={(changed) => {
            setDraft({ ...draft, newPassword: changed.password });
            setRepeated(changed.repeated);
          }}
          context={[user.name, status?.meshName ?? ""]}
          problem={submission.problemOf("newPassword")}
        />
      )}
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
