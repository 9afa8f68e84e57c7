import { type PendingNode, parseInput, pendingNodeLookupSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../client-context.ts";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Form } from "../forms/form.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useMay } from "../identity/identity-context.ts";
import { securityPath } from "../route/route.ts";
import { ApproveDialog } from "./approve-dialog.tsx";
import { PendingList } from "./pending-list.tsx";
import { usePendingNodes } from "./use-pending-nodes.ts";

const LOOK_UP_TIMEOUT_MS = 30_000;

/** How another Raspberry Pi gets into the mesh, which ones are in sight, and a look-up where multicast ends. */
export function AddNodeDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useClient();
  const submission = useSubmission();
  const pending = usePendingNodes();
  const may = useMay();
  const [address, setAddress] = useState("");
  const [chosen, setChosen] = useState<PendingNode | null>(null);
  const lookUp = async () => {
    const lookup = parseInput(pendingNodeLookupSchema, { address: address.trim() }, "look-up");
    setChosen(await client.pendingNodes.lookUp(lookup, { timeoutMs: LOOK_UP_TIMEOUT_MS }));
  };
  if (chosen !== null) return <ApproveDialog node={chosen} onClose={onClose} />;
  const nodes = pending.value ?? [];
  return (
    <Dialog title="Add a node" onClose={onClose} wide>
      <div class="stack">
        <ol class="steps">
          <li>Flash a card with Pi-Controller, put it into the Raspberry Pi, and plug that in.</li>
          <li>After about a minute it is listed here. Approve it with the set-up code of its card.</li>
        </ol>
        <section aria-label="In sight">
          {nodes.length === 0 ? (
            <p class="waiting" role="status">
              Looking for nodes in the same network … none yet.
            </p>
          ) : (
            <PendingList nodes={nodes} onApprove={setChosen} />
          )}
          {pending.error !== null && <p class="problem">{pending.error.message}</p>}
        </section>
        <section aria-label="Look up by address">
          <Form
            action="Look it up"
            busyText="Looking …"
            submission={submission}
            shownFields={["address"]}
            disabled={address.trim() === ""}
            onSubmit={lookUp}
            secondary={
              <button type="button" onClick={onClose}>
                Close
              </button>
            }
          >
            <Field
              label="It is not listed?"
              value={address}
              onInput={setAddress}
              placeholder="192.168.1.20"
              hint="In another network multicast does not reach it: enter its host name or IP address."
              problem={submission.problemOf("address")}
            />
          </Form>
        </section>
        {may("create", "join-tokens") && (
          <p class="muted">
            Many at once? With a <a href={securityPath("join-tokens")}>join token</a> on their cards they need
            no click at all.
          </p>
        )}
      </div>
    </Dialog>
  );
}
