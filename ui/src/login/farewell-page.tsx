import { Icon } from "../components/icon.tsx";
import { StartPage } from "../components/start-page.tsx";
import { useIdentity } from "../identity/identity-context.ts";

/** Says what happened to the node that this page came from, once it has left the mesh or was put out of it. */
export function FarewellPage() {
  const farewell = useIdentity().farewell.value;
  if (farewell === null) return null;
  const { kind, nodeName, others } = farewell;
  return (
    <StartPage title={kind === "revoked" ? `${nodeName} was revoked` : `${nodeName} has left the mesh`}>
      <section class="panel" role="status">
        <p>
          {kind === "revoked"
            ? "You revoked the node that served this page. All others have cut it off, and your session on it has ended."
            : "It has told all others, and wiped its keys and what it knew of the mesh. Your session on it has ended."}
        </p>
        <p>
          {kind === "revoked"
            ? "Once it has heard of that it forgets the mesh, and belongs to none. To take it back in, add it at another node with its new set-up code."
            : "It starts again as a node that belongs to no mesh, with a new set-up code on its console and in its log."}
        </p>
        {others.length > 0 && (
          <>
            <p>Go on at another node of the mesh:</p>
            <p class="others">
              {others.map(({ name, url }) => (
                <a key={url} class="button" href={url}>
                  {name} <Icon name="external" />
                </a>
              ))}
            </p>
          </>
        )}
        {kind === "left" && (
          <button type="button" onClick={() => window.location.assign("/")}>
            Open this node’s set-up page
          </button>
        )}
      </section>
    </StartPage>
  );
}
