import { type NodeView, parseInput, revocationRequestSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../client-context.ts";
import { Field } from "../components/field.tsx";
import { ConfirmPassword } from "../components/password-field.tsx";
import { actOnOneself, farewellOf } from "../connection/farewell.ts";
import { FormDialog } from "../forms/form-dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { CONFIRMED_AT_OTHER_NODE } from "../forms/timeouts.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { navigate } from "../route/location.ts";
import { useSession } from "../session/session-context.ts";

interface Properties {
  readonly node: NodeView;
  readonly onClose: () => void;
}

/** Cuts a node off for good, after its name and the user's password were typed. */
export function RevokeDialog({ node, onClose }: Properties) {
  const client = useClient();
  const session = useSession();
  const identity = useIdentity();
  const submission = useSubmission();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [password, setPassword] = useState("");
  const revoke = async () => {
    const request = {
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      password,
    };
    const parsed = parseInput(revocationRequestSchema, request, "revocation");
    const act = () => client.revokeNode(node.id, parsed, CONFIRMED_AT_OTHER_NODE);
    if (node.self) {
      await actOnOneself(node.name, act);
      identity.bidFarewell(farewellOf("revoked", node.name, session.nodes.value?.value ?? []));
      return;
    }
    await act();
    session.refreshNow();
    onClose();
    navigate("/");
  };
  return (
    <FormDialog
      title={`Revoke ${node.name}?`}
      action={`Revoke ${node.name}`}
      busyText="Revoking …"
      danger
      cancel="Keep it"
      submission={submission}
      shownFields={["password", "reason"]}
      disabled={typed.trim() !== node.name || password === ""}
      onSubmit={revoke}
      onClose={onClose}
    >
      {node.self && (
        <p class="warning" role="alert">
          <b>This page comes from {node.name} itself.</b> It is cut off while you watch: your session here
          ends, and you go on at another node.
        </p>
      )}
      <div class="stack">
        <p>Revoke a node that was stolen, sold or taken over. Within seconds:</p>
        <ul class="bullets">
          <li>every other node cuts it off and takes nothing from it any more;</li>
          <li>sessions on it, and API tokens that were made on it, end;</li>
          <li>the secrets of the mesh that it knew are changed for all others, without a hand on them.</li>
        </ul>
        <p>There is no way back but to set it up anew. Nodes that are off learn of it when they return.</p>
      </div>
      <Field
        label={`Type ${node.name} to confirm`}
        value={typed}
        onInput={setTyped}
        autoFocus
        problem={
          typed !== "" && !node.name.startsWith(typed.trim())
            ? "This is not the name of the node."
            : undefined
        }
      />
      <Field
        label="Reason (optional)"
        value={reason}
        onInput={setReason}
        placeholder="stolen"
        hint="Is kept, and shown to all admins."
        problem={submission.problemOf("reason")}
      />
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}
