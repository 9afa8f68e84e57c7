import { parseInput, type RoleView, roleChangeSchema, roleNameSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import * as z from "zod";
import { useClient } from "../../client-context.ts";
import { Field } from "../../components/field.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { addDraft, draftsOf, rulesOf } from "./rule-draft.ts";
import { RuleEditor } from "./rule-editor.tsx";

interface Properties {
  /** The role to change; null to make a new one. */
  readonly role: RoleView | null;
  /** Names that are taken: making a role of that name would replace it. */
  readonly taken: readonly string[];
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Makes a role of one's own, or changes it. */
export function RoleDialog({ role, taken, onSaved, onClose }: Properties) {
  const client = useClient();
  const submission = useSubmission();
  const [name, setName] = useState(role?.name ?? "");
  const [description, setDescription] = useState(role?.description ?? "");
  const [drafts, setDrafts] = useState(() => (role === null ? addDraft([]) : draftsOf(role.rules)));
  const [password, setPassword] = useState("");
  const save = async () => {
    const nameRule = roleNameSchema.refine(
      (text) => role !== null || !taken.includes(text),
      "There is a role of this name already",
    );
    const { name: parsed } = parseInput(z.object({ name: nameRule }), { name: name.trim() }, "role");
    const change = { description: description.trim(), rules: rulesOf(drafts), password };
    await client.roles.put(parsed, parseInput(roleChangeSchema, change, "role"), CONFIRMED);
    onSaved();
    onClose();
  };
  return (
    <FormDialog
      title={role === null ? "New role" : `Change role ${role.name}`}
      action="Save"
      wide
      busyText="Saving …"
      submission={submission}
      shownFields={["name", "description", "rules", "password"]}
      disabled={password === ""}
      onSubmit={save}
      onClose={onClose}
    >
      {role === null && (
        <Field
          label="Name"
          value={name}
          onInput={setName}
          autoFocus
          placeholder="gardener"
          problem={submission.problemOf("name")}
        />
      )}
      <Field
        label="What it is for (optional)"
        value={description}
        onInput={setDescription}
        problem={submission.problemOf("description")}
      />
      <RuleEditor
        legend="Who has it"
        drafts={drafts}
        onChange={setDrafts}
        problemOf={(index) =>
          index === null ? submission.problemOf("rules") : submission.problemUnder(`rules[${index}]`)
        }
      />
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
