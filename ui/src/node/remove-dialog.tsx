import type { NodeView } from "@pi-controller/schema";
import { Dialog } from "../components/dialog.tsx";
import { useSubmission } from "../forms/submission.ts";
import { navigate } from "../route/location.ts";
import { useSession } from "../session/session-context.ts";

interface Properties {
  readonly node: NodeView;
  readonly onClose: () => void;
}

/** Makes sure that a machine that was noted by hand is meant to go, and says why when the peer refuses. */
export function RemoveDialog({ node, onClose }: Properties) {
  const session = useSession();
  const submission = useSubmission();
  const remove = () =>
    submission.run(async () => {
      await session.client.nodes.remove(node.id);
      session.refreshNow();
      onClose();
      navigate("/");
    });
  return (
    <Dialog title={`Remove ${node.name}?`} onClose={onClose}>
      <p>
        <b>{node.name}</b> is taken out of the mesh for all peers, with its name and labels. Its history here
        is kept until it expires.
      </p>
      <p>It can be registered again at any time.</p>
      {submission.error !== null && (
        <p class="problem" role="alert">
          Not removed: {submission.error.message}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose} autoFocus>
          Keep it
        </button>
        <button type="button" class="danger solid" disabled={submission.busy} onClick={() => void remove()}>
          {submission.busy ? "Removing …" : `Remove ${node.name}`}
        </button>
      </div>
    </Dialog>
  );
}
