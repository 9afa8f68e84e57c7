import { useEffect, useRef } from "preact/hooks";
import { usePinRights } from "./access/pin-rights.ts";
import { Header } from "./components/header.tsx";
import { lazyPage, PageLoader } from "./components/page-loader.tsx";
import { Announcer } from "./connection/announcer.tsx";
import { Banners } from "./connection/banners.tsx";
import { EventsPage } from "./events/events-page.tsx";
import { useMay, usePrincipal } from "./identity/identity-context.ts";
import { MeshPage } from "./mesh/mesh-page.tsx";
import { NodePage } from "./node/node-page.tsx";
import { NodesPage } from "./nodes/nodes-page.tsx";
import { path, route } from "./route/location.ts";
import { usePeerName, useSession } from "./session/session-context.ts";

/** The whole page: header, what is wrong, and the page that the address bar names. */
export function App() {
  const { lost } = useSession();
  const peerName = usePeerName();
  const { page } = route.value;
  useEffect(() => {
    const title = page === "node" ? "Node" : page === "missing" ? "Not found" : titles[page];
    document.title = `${lost.value ? "(no answer) " : ""}${title} · ${peerName} · Pi-Controller`;
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

const titles = {
  nodes: "Nodes",
  events: "Events",
  mesh: "Mesh",
  pins: "Pins",
  security: "Security",
} as const;
const pinsPage = lazyPage(async () => (await import("./pins/pins-page.tsx")).PinsPage);
const securityPage = lazyPage(async () => (await import("./security/security-page.tsx")).SecurityPage);

function Page() {
  const may = useMay();
  const mayWithPins = usePinRights();
  const current = route.value;
  if (current.page === "pins") {
    if (!mayWithPins("list")) return <NotAllowed what="pins" />;
    return <PageLoader page={pinsPage} properties={{ section: current.section }} />;
  }
  if (current.page === "security") {
    return <PageLoader page={securityPage} properties={{ section: current.section }} />;
  }
  if (current.page === "events" && !may("list", "events")) return <NotAllowed what="events" />;
  if (current.page === "mesh" && !may("get", "mesh")) return <NotAllowed what="the mesh" />;
  const ofNodes = current.page === "nodes" || current.page === "node";
  if (ofNodes && !may("list", "nodes")) return <NotAllowed what="the nodes" />;
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

/** In the place of a page that the user's roles do not let him see. */
function NotAllowed({ what }: { readonly what: string }) {
  const { userName, roles } = usePrincipal();
  return (
    <section class="empty">
      <h1>You may not see {what}</h1>
      <p>
        {userName} has {roles.length === 0 ? "no role" : `the role ${roles.join(", ")}`}. An admin can give
        you another one.
      </p>
      <p>
        <a href="/security">What you may do</a>
      </p>
    </section>
  );
}
