import { joinTokenRequestSchema, type NewJoinToken, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Field, SelectField } from "../../components/field.tsx";
import { FromNow } from "../../components/from-now.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { ShownOnceDialog } from "../../components/shown-once-dialog.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";

interface Properties {
  readonly onCreated: () => void;
  readonly onClose: () => void;
}

const lifetimes = [
  ["1", "1 hour"],
  ["24", "1 day"],
  ["168", "1 week"],
  ["720", "30 days"],
  ["8760", "1 year"],
] as const;

/** Makes a join token and shows it, once. */
export function CreateJoinTokenDialog({ onCreated, onClose }: Properties) {
  const client = useClient();
  const submission = useSubmission();
  const [label, setLabel] = useState("");
  const [hours, setHours] = useState("24");
  const [uses, setUses] = useState("1");
  const [password, setPassword] = useState("");
  const [created, setCreated] = useState<NewJoinToken | null>(null);
  const create = async () => {
    const request = {
      ...(label.trim() === "" ? {} : { label: label.trim() }),
      expiresInHours: Number(hours),
      uses: uses.trim() === "" ? Number.NaN : Number(uses),
      password,
    };
    setCreated(
      await client.joinTokens.create(parseInput(joinTokenRequestSchema, request, "join token"), CONFIRMED),
    );
    onCreated();
  };
  if (created !== null) return <CreatedDialog token={created} onClose={onClose} />;
  return (
    <FormDialog
      title="New join token"
      action="Make it"
      busyText="Signing …"
      submission={submission}
      shownFields={["label", "expiresInHours", "uses", "password"]}
      disabled={password === ""}
      onSubmit={create}
      onClose={onClose}
    >
      <Field
        label="Label (optional)"
        value={label}
        onInput={setLabel}
        autoFocus
        placeholder="greenhouse"
        hint="For you to find it again."
        problem={submission.problemOf("label")}
      />
      <Field
        label="How many nodes may join with it"
        value={uses}
        onInput={setUses}
        inputMode="numeric"
        problem={submission.problemOf("uses")}
      />
      <SelectField
        label="For how long"
        value={hours}
        onChange={setHours}
        choices={lifetimes}
        problem={submission.problemOf("expiresInHours")}
      />
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}

function CreatedDialog({ token, onClose }: { readonly token: NewJoinToken; readonly onClose: () => void }) {
  return (
    <ShownOnceDialog
      title="Your join token"
      warning="Nobody can find it out later, you neither."
      label="Join token"
      secret={token.token}
      onClose={onClose}
    >
      <p>
        It admits {token.uses === 1 ? "one node" : `${token.uses} nodes`}, and expires{" "}
        <FromNow timestamp={token.expiresAt} />.
      </p>
      <h3>How to put it on a card</h3>
      <ol class="steps">
        <li>Flash the card, and leave it in the reader: its boot partition shows as a drive.</li>
        <li>
          Put the token, as its only line, into a file called <code>join-token</code> on that drive.
        </li>
        <li>Put the card into the Raspberry Pi and plug it in. The file is wiped once it has joined.</li>
      </ol>
      <p class="muted">
        Without a card: put the same file into the data directory of a node that belongs to no mesh yet, or
        name it with <code>--join-token-file</code>, and start it.
      </p>
    </ShownOnceDialog>
  );
}
