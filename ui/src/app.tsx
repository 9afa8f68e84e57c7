import { useEffect, useRef } from "preact/hooks";
import { Header } from "./components/header.tsx";
import { Announcer } from "./connection/announcer.tsx";
import { Banners } from "./connection/banners.tsx";
import { EventsPage } from "./events/events-page.tsx";
import { MeshPage } from "./mesh/mesh-page.tsx";
import { NodePage } from "./node/node-page.tsx";
import { NodesPage } from "./nodes/nodes-page.tsx";
import { path, route } from "./route/location.ts";
import { useSession } from "./session/session-context.ts";

/** The whole page: header, what is wrong, and the page that the address bar names. */
export function App() {
  const { lost, mesh } = useSession();
  const peerName = mesh.value?.value.name;
  const { page } = route.value;
  useEffect(() => {
    const title = page === "node" ? "Node" : page === "missing" ? "Not found" : titles[page];
    const at = peerName === undefined ? "" : ` · ${peerName}`;
    document.title = `${lost.value ? "(no answer) " : ""}${title}${at} · Pi-Controller`;
  }, [page, peerName, lost.value]);
  useFocusOnNavigation();
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <Announcer />
      <Banners />
      <main id="main" tabIndex={-1} class={lost.value ? "outdated" : ""}>
        <Page />
      </main>
    </>
  );
}

/** After a link, a screen reader goes on at the new page instead of at a link that may be gone. */
function useFocusOnNavigation(): void {
  const shown = useRef(path.value);
  useEffect(() => {
    if (shown.current === path.value) return;
    shown.current = path.value;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path.value]);
}

const titles = { nodes: "Nodes", events: "Events", mesh: "Mesh" } as const;

function Page() {
  const current = route.value;
  if (current.page === "nodes") return <NodesPage />;
  // A key of its own: nothing of one node's page must stay when another's is opened.
  if (current.page === "node") return <NodePage key={current.id} id={current.id} />;
  if (current.page === "events") return <EventsPage />;
  if (current.page === "mesh") return <MeshPage />;
  return (
    <section class="empty">
      <h1>There is no page {current.path}</h1>
      <p>
        <a href="/">All nodes</a> · <a href="/events">Events</a> · <a href="/mesh">This peer’s view</a>
      </p>
    </section>
  );
}
