import { useState } from "preact/hooks";
import { useMayWithAuthority } from "../identity/identity-context.ts";
import { usePeerName, useSession } from "../session/session-context.ts";
import { LeaveDialog } from "./leave-dialog.tsx";

/** The way out of the mesh for the node that answers; nothing for somebody who may not send it there. */
export function LeavePanel() {
  const { mesh, lost } = useSession();
  const name = usePeerName();
  const [leaving, setLeaving] = useState(false);
  const id = mesh.value?.value.node;
  const mayLeave = useMayWithAuthority()("revoke", "nodes");
  if (!mayLeave || id === undefined) return null;
  return (
    <section class="panel" aria-label="Leave the mesh">
      <h2>{name} leaves the mesh</h2>
      <p>
        It tells the others, and wipes its keys and what it knows of the mesh: to move it to another mesh, or
        to give it away. For a node that you do not have in hand any more, open its page and revoke it.
      </p>
      <button type="button" class="danger" disabled={lost.value} onClick={() => setLeaving(true)}>
        Leave the mesh …
      </button>
      {leaving && <LeaveDialog name={name} onClose={() => setLeaving(false)} />}
    </section>
  );
}
