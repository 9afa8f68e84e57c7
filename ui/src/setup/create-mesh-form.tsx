import { parseInput, type SessionStatus, setupRequestSchema } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { Lockout, useLocked } from "../components/lockout.tsx";
import { Form } from "../forms/form.tsx";
import { NewPassword, newPasswordProblem } from "../forms/new-password.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { browserClock } from "../time/page-clock.ts";
import { CodeField } from "./code-field.tsx";
import { codeInAddress } from "./code-in-address.ts";
import { readSetupCode } from "./setup-code.ts";

/** Makes a mesh: the code proves that one holds the node, the rest is what the mesh and its first admin are called. */
export function CreateMeshForm({ status }: { readonly status: SessionStatus }) {
  const identity = useIdentity();
  const submission = useSubmission();
  const [code, setCode] = useState(codeInAddress.value);
  const [meshName, setMeshName] = useState("home");
  const [nodeName, setNodeName] = useState(status.nodeName);
  const [userName, setUserName] = useState("admin");
  const [entry, setEntry] = useState({ password: "", repeated: "" });
  const lockedUntil = useLockFromStatus(status);
  const locked = useLocked(lockedUntil);
  const entered = readSetupCode(code);
  useEffect(() => {
    if (codeInAddress.value !== "") setCode(codeInAddress.value);
  }, [codeInAddress.value]);

  const create = async () => {
    const request = {
      code: entered.state === "complete" ? entered.code : "",
      meshName: meshName.trim(),
      nodeName: nodeName.trim(),
      userName: userName.trim(),
      password: entry.password,
    };
    await identity.claim(parseInput(setupRequestSchema, request, "set-up"));
  };
  return (
    <Form
      action="Make the mesh"
      busyText="Making the keys …"
      submission={submission}
      shownFields={["code", "meshName", "nodeName", "userName", "password"]}
      disabled={locked || entered.state !== "complete" || newPasswordProblem(entry) !== null}
      onSubmit={create}
    >
      {lockedUntil !== null && submission.lockedUntil === null && (
        <Lockout until={lockedUntil} what="Too many wrong set-up codes were tried on this node." />
      )}
      <CodeField
        value={code}
        onInput={setCode}
        problem={submission.problemOf("code")}
        autoFocus={code === ""}
        hint="It is on the label that the flasher printed, on the node’s console, and in its log. It shows that this Raspberry Pi is yours."
      />
      <Field
        label="Name of the mesh"
        value={meshName}
        onInput={setMeshName}
        hint="Your home, workshop or site: a-z, 0-9 and - inside."
        problem={submission.problemOf("meshName")}
      />
      <Field
        label="Name of this node"
        value={nodeName}
        onInput={setNodeName}
        problem={submission.problemOf("nodeName")}
      />
      <Field
        label="Your user name"
        value={userName}
        onInput={setUserName}
        autoComplete="username"
        hint="You log in with it on every node of the mesh."
        problem={submission.problemOf("userName")}
      />
      <NewPassword
        label="Your password"
        entry={entry}
        onChange={setEntry}
        context={[meshName, nodeName, userName]}
        problem={submission.problemOf("password")}
      />
      <p class="hint">
        Write it down and keep it safe. It alone opens the authority of the mesh: nobody can reset an only
        admin’s password.
      </p>
    </Form>
  );
}

/** Until when the node takes no code, as a monotonic time: told by its clock, which is none of the browser's. */
function useLockFromStatus(status: SessionStatus): number | null {
  const now = useIdentity().peerNow();
  const until = status.lockedUntil;
  if (until === null || now === null) return null;
  const remainingMs = Date.parse(until) - now;
  return remainingMs > 0 ? browserClock.monotonic() + remainingMs : null;
}
