import { ClockNotice } from "../components/clock-notice.tsx";
import { Fingerprint } from "../components/fingerprint.tsx";
import { ReloadAdvice } from "../components/reload-advice.tsx";
import { StartPage } from "../components/start-page.tsx";
import { useIdentity } from "../identity/identity-context.ts";
import { CreateMeshForm } from "./create-mesh-form.tsx";

/** The one page of a node that belongs to no mesh: what it is, and the two ways into one. */
export function SetupPage() {
  const identity = useIdentity();
  const status = identity.status.value;
  const formerMesh = identity.formerMesh.value;
  if (status === null) return null;
  return (
    <StartPage title={`Set up ${status.nodeName}`}>
      {formerMesh === null ? (
        <p>This Raspberry Pi runs Pi-Controller and belongs to no mesh yet.</p>
      ) : (
        <p class="notice" role="status">
          This node belongs to the mesh {formerMesh} no more: it has left, or was put out of it. Go on at
          another node, or set this one up anew.
        </p>
      )}
      <dl class="facts panel">
        <div>
          <dt>Name</dt>
          <dd>
            <b>{status.nodeName}</b>
          </dd>
        </div>
        <div>
          <dt>Fingerprint</dt>
          <dd>
            <Fingerprint text={status.fingerprint} />
          </dd>
        </div>
      </dl>
      <ClockNotice />
      {identity.problem.value !== null && (
        <section class="warning stack" role="status" aria-label="Connection">
          <p>
            <b>{status.nodeName} does not answer any more.</b> If it was just admitted to a mesh, it starts
            anew.
          </p>
          <ReloadAdvice />
        </section>
      )}
      <section class="panel" aria-labelledby="make-a-mesh">
        <h2 id="make-a-mesh">Make a new mesh with this node</h2>
        <p>For your first Raspberry Pi. You become the admin of the mesh.</p>
        <CreateMeshForm status={status} />
      </section>
      <section class="panel" aria-labelledby="add-to-a-mesh">
        <h2 id="add-to-a-mesh">Or add it to a mesh that you have</h2>
        <ol class="steps">
          <li>Open the page of any node that is in the mesh, and log in as an admin.</li>
          <li>
            Choose <b>Nodes</b>, then <b>Add a node</b>. This one is listed there as <b>{status.nodeName}</b>.
          </li>
          <li>
            Compare the fingerprint that is shown there with <Fingerprint text={status.fingerprint} />. They
            must be the same.
          </li>
          <li>Enter this node’s set-up code there, or scan it.</li>
        </ol>
        <p class="muted">
          Nothing is to be done here then: this page notices by itself when the node was admitted.
        </p>
      </section>
    </StartPage>
  );
}
