import { approvalSchema, type PendingNode, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../client-context.ts";
import { DoneDialog } from "../components/done-dialog.tsx";
import { Facts } from "../components/facts.tsx";
import { Field } from "../components/field.tsx";
import { Fingerprint } from "../components/fingerprint.tsx";
import { ConfirmPassword } from "../components/password-field.tsx";
import { FormDialog } from "../forms/form-dialog.tsx";
import { LabelEditor } from "../forms/label-editor.tsx";
import { type LabelRow, labelsOf, repeatedKeys } from "../forms/label-rows.ts";
import { useSubmission } from "../forms/submission.ts";
import { CONFIRMED_AT_OTHER_NODE } from "../forms/timeouts.ts";
import { useSession } from "../session/session-context.ts";
import { CodeField } from "../setup/code-field.tsx";
import { readSetupCode } from "../setup/setup-code.ts";
import { Address } from "./pending-list.tsx";

interface Properties {
  readonly node: PendingNode;
  readonly onClose: () => void;
}

/** Admits a pending node: the code proves that it is the one at hand, the password that an admin wants it. */
export function ApproveDialog({ node, onClose }: Properties) {
  const client = useClient();
  const session = useSession();
  const submission = useSubmission();
  const [code, setCode] = useState("");
  const [name, setName] = useState(node.name);
  const [rows, setRows] = useState<readonly LabelRow[]>([]);
  const [password, setPassword] = useState("");
  const [admitted, setAdmitted] = useState(false);
  const entered = readSetupCode(code);
  const repeated = repeatedKeys(rows);

  const approve = async () => {
    const labels = labelsOf(rows);
    const approval = {
      code: entered.state === "complete" ? entered.code : "",
      ...(name.trim() === "" ? {} : { name: name.trim() }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      password,
    };
    await client.pendingNodes.approve(
      node.id,
      parseInput(approvalSchema, approval, "approval"),
      CONFIRMED_AT_OTHER_NODE,
    );
    session.refreshNow();
    setAdmitted(true);
  };

  if (admitted) {
    return (
      <DoneDialog title={`${name} is admitted`} onClose={onClose}>
        It starts as a member now, and is among the nodes in a moment.
      </DoneDialog>
    );
  }
  return (
    <FormDialog
      title={`Admit ${node.name}?`}
      action="Approve"
      busyText={`Talking to ${node.name} …`}
      submission={submission}
      shownFields={["code", "name", "labels", "password", ...rows.map(({ key }) => `labels.${key.trim()}`)]}
      disabled={entered.state !== "complete" || password === "" || repeated.length > 0}
      onSubmit={approve}
      onClose={onClose}
    >
      <Facts
        facts={[
          ["Fingerprint", <Fingerprint key="fingerprint" text={node.fingerprint} />],
          ["Address", <Address key="address" addresses={node.addresses} />],
        ]}
      />
      <p>
        Compare the fingerprint with the one on the node’s own page or console. If they differ, somebody
        else’s machine has taken its place: do not enter the code.
      </p>
      <CodeField
        value={code}
        onInput={setCode}
        problem={submission.problemOf("code")}
        autoFocus
        hint="On the label that the flasher printed, on the node’s console, and in its log."
      />
      <Field label="Name in the mesh" value={name} onInput={setName} problem={submission.problemOf("name")} />
      <LabelEditor rows={rows} onChange={setRows} problemOf={submission.problemOf} />
      {repeated.length > 0 && <p class="problem">These keys are there twice: {repeated.join(", ")}</p>}
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
