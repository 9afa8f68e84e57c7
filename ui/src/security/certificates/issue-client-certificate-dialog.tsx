import { clientCertificateRequestSchema, type NewClientCertificate, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { CopyField } from "../../components/copy-field.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field, FieldFrame, SelectField } from "../../components/field.tsx";
import { ConfirmPassword } from "../../components/password-field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useMay, usePrincipal } from "../../identity/identity-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";

interface Properties {
  readonly onIssued: () => void;
  readonly onClose: () => void;
}

const lifetimes = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "1 year"],
  ["825", "825 days"],
] as const;

const COMMAND =
  "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -subj /CN=client -out client.csr";

/** Signs a request that a program made: its key never leaves it. */
export function IssueClientCertificateDialog({ onIssued, onClose }: Properties) {
  const client = useClient();
  const principal = usePrincipal();
  const submission = useSubmission();
  const users = useUserChoices();
  const [userId, setUserId] = useState(principal.userId ?? "");
  const [name, setName] = useState("");
  const [request, setRequest] = useState("");
  const [days, setDays] = useState("365");
  const [password, setPassword] = useState("");
  const [issued, setIssued] = useState<NewClientCertificate | null>(null);
  const issue = async () => {
    const body = {
      userId,
      name: name.trim(),
      request: request.trim(),
      expiresInDays: Number(days),
      password,
    };
    setIssued(
      await client.clientCertificates.issue(
        parseInput(clientCertificateRequestSchema, body, "request"),
        CONFIRMED,
      ),
    );
    onIssued();
  };
  if (issued !== null) return <IssuedDialog certificate={issued} onClose={onClose} />;
  return (
    <FormDialog
      title="New client certificate"
      action="Sign it"
      busyText="Signing …"
      submission={submission}
      shownFields={["userId", "name", "request", "expiresInDays", "password"]}
      disabled={password === ""}
      onSubmit={issue}
      onClose={onClose}
    >
      <p>
        Make a key and a request where the program runs, and paste the request here:{" "}
        <code class="block">{COMMAND}</code>
      </p>
      <Field
        label="Name"
        value={name}
        onInput={setName}
        autoFocus
        placeholder="backup machine"
        problem={submission.problemOf("name")}
      />
      <SelectField
        label="Acts as"
        value={userId}
        onChange={setUserId}
        choices={users}
        problem={submission.problemOf("userId")}
      />
      <FieldFrame label="Certificate request (client.csr)" problem={submission.problemOf("request")}>
        {(attributes) => (
          <textarea
            {...attributes}
            class="code"
            rows={5}
            value={request}
            placeholder="-----BEGIN CERTIFICATE REQUEST-----"
            spellcheck={false}
            onInput={(event) => setRequest(event.currentTarget.value)}
          />
        )}
      </FieldFrame>
      <SelectField label="For how long" value={days} onChange={setDays} choices={lifetimes} />
      <ConfirmPassword value={password} onInput={setPassword} submission={submission} />
    </FormDialog>
  );
}

/** The users that there are, for somebody who may list them; otherwise oneself. */
function useUserChoices(): readonly (readonly [string, string])[] {
  const { userId, userName } = usePrincipal();
  const mayList = useMay()("list", "users");
  const users = useLoaded(
    (peer, call) => (mayList ? peer.users.list(call) : Promise.resolve([])),
    [mayList],
  ).value;
  const own = userId === null ? [] : [[userId, userName] as const];
  const others = (users ?? []).filter(({ id }) => id !== userId).map(({ id, name }) => [id, name] as const);
  return [...own, ...others];
}

function IssuedDialog({
  certificate,
  onClose,
}: {
  readonly certificate: NewClientCertificate;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={`Client certificate ${certificate.name}`} onClose={onClose}>
      <div class="stack">
        <p>
          Save it as <code>client.pem</code> beside the key. It is no secret; the key is.
        </p>
        <CopyField label="Client certificate" text={certificate.certificate} />
        <p>
          <code class="block">
            curl --cert client.pem --key client.key --cacert pi-controller-root.pem {window.location.origin}
            /api/v1/nodes
          </code>
        </p>
        <div class="actions">
          <button type="button" onClick={onClose}>
            Good
          </button>
        </div>
      </div>
    </Dialog>
  );
}
