import { apiTokenRequestSchema, type NewApiToken, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Field, SelectField } from "../../components/field.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { ShownOnceDialog } from "../../components/shown-once-dialog.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { addDraft, type RuleDraft, rulesOf } from "../roles/rule-draft.ts";
import { RuleEditor } from "../roles/rule-editor.tsx";

interface Properties {
  readonly onCreated: () => void;
  readonly onClose: () => void;
}

const lifetimes = [
  ["1", "1 day"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "1 year"],
  ["3650", "10 years"],
] as const;

/** Makes an API token for the user himself and shows it, once. */
export function CreateApiTokenDialog({ onCreated, onClose }: Properties) {
  const client = useClient();
  const submission = useSubmission();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [limited, setLimited] = useState(false);
  const [drafts, setDrafts] = useState<readonly RuleDraft[]>(() => addDraft([]));
  const [password, setPassword] = useState("");
  const [created, setCreated] = useState<NewApiToken | null>(null);
  const create = async () => {
    const request = {
      name: name.trim(),
      expiresInDays: Number(days),
      ...(limited ? { scope: rulesOf(drafts) } : {}),
      password,
    };
    setCreated(
      await client.apiTokens.create(parseInput(apiTokenRequestSchema, request, "API token"), CONFIRMED),
    );
    onCreated();
  };
  if (created !== null) return <CreatedDialog token={created} onClose={onClose} />;
  return (
    <FormDialog
      title="New API token"
      action="Make it"
      wide={limited}
      busyText="Making it …"
      submission={submission}
      shownFields={["name", "expiresInDays", "scope", "password"]}
      disabled={password === ""}
      onSubmit={create}
      onClose={onClose}
    >
      <Field
        label="Name"
        value={name}
        onInput={setName}
        autoFocus
        placeholder="backup script"
        hint="For you to know what uses it."
        problem={submission.problemOf("name")}
      />
      <SelectField
        label="For how long"
        value={days}
        onChange={setDays}
        choices={lifetimes}
        problem={submission.problemOf("expiresInDays")}
      />
      <SelectField
        label="What it may do"
        value={limited ? "limited" : "all"}
        onChange={(value) => setLimited(value === "limited")}
        choices={[
          ["all", "All that you may"],
          ["limited", "Only a part of it"],
        ]}
      />
      {limited && (
        <RuleEditor
          legend="The token"
          drafts={drafts}
          onChange={setDrafts}
          problemOf={(index) =>
            index === null ? submission.problemOf("scope") : submission.problemUnder(`scope[${index}]`)
          }
        />
      )}
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}

function CreatedDialog({ token, onClose }: { readonly token: NewApiToken; readonly onClose: () => void }) {
  return (
    <ShownOnceDialog
      title={`API token ${token.name}`}
      warning="Whoever has it may do what it may: treat it like a password."
      label="API token"
      secret={token.token}
      onClose={onClose}
    >
      <p>Programs send it with each request:</p>
      <p>
        <code class="block">
          curl -H "Authorization: Bearer $TOKEN" {window.location.origin}/api/v1/nodes
        </code>
      </p>
    </ShownOnceDialog>
  );
}
