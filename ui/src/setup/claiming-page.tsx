import { useState } from "preact/hooks";
import { StartPage } from "../components/start-page.tsx";
import { formatCountdown } from "../format/countdown.ts";
import { useIdentity } from "../identity/identity-context.ts";
import { browserClock } from "../time/page-clock.ts";
import { useSecond } from "../time/use-second.ts";

/** After this time something else than starting is the matter. */
const UNUSUAL_MS = 15_000;
/** Over TLS a node that is out of reach has most likely just a new certificate, which no script may look at. */
const UNUSUAL_SILENCE_MS = 4_000;

/** Shows that the mesh is made and that the node is about to serve it. */
export function ClaimingPage() {
  const identity = useIdentity();
  const now = useSecond();
  const [since] = useState(() => browserClock.monotonic());
  const waitedMs = now - since;
  const answers = identity.problem.value === null;
  const unusualMs = !answers && window.location.protocol === "https:" ? UNUSUAL_SILENCE_MS : UNUSUAL_MS;
  const member = identity.status.value?.state === "member";
  return (
    <StartPage title="The mesh is made">
      <section class="panel" aria-label="Progress">
        <ol class="progress">
          <li class="done">Keys, certificates and your user are made.</li>
          <li class={member ? "done" : "doing"} aria-current={member ? undefined : "step"}>
            The node starts as a member of the mesh{member ? "." : ` … ${formatCountdown(waitedMs)}`}
          </li>
          <li class={member ? "doing" : ""} aria-current={member ? "step" : undefined}>
            You are logged in.
          </li>
        </ol>
        <p class="visually-hidden" role="status">
          {member ? "The node is a member. Logging you in." : "Waiting for the node."}
        </p>
      </section>
      {waitedMs > unusualMs && !member && (
        <section class="panel" role="status">
          <p>
            <b>
              {answers
                ? "This takes longer than it should."
                : "The browser does not reach the node any more."}
            </b>
          </p>
          <p>
            The node has a certificate of its new mesh now, which this browser does not know yet. Load the
            page again: the browser asks whether to go on. Then log in with the name and password that you
            have just chosen; under Security, Certificates you find how to make the browser trust the mesh.
          </p>
          <button type="button" class="primary" onClick={() => window.location.reload()}>
            Load the page again
          </button>
        </section>
      )}
    </StartPage>
  );
}
