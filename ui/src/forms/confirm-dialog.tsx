import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ConfirmPassword } from "../components/password-field.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useSubmission } from "./submission.ts";

interface Properties {
  readonly title: string;
  readonly action: string;
  readonly busyText: string;
  /** Does it, with the user's password. @throws MeshError */
  readonly onConfirm: (password: string) => Promise<void>;
  readonly onClose: () => void;
  /** What will happen. */
  readonly children: ComponentChildren;
}

/** Makes sure that something is meant that cannot be undone, by asking for the user's password. */
export function ConfirmDialog({ onConfirm, onClose, children, ...form }: Properties) {
  const submission = useSubmission();
  const [password, setPassword] = useState("");
  return (
    <FormDialog
      {...form}
      danger
      submission={submission}
      shownFields={["password"]}
      disabled={password === ""}
      onSubmit={async () => {
        await onConfirm(password);
        onClose();
      }}
      onClose={onClose}
    >
      <div class="stack">{children}</div>
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} autoFocus />
    </FormDialog>
  );
}
