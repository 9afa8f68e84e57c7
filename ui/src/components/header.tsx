import { formatDuration } from "../format/duration.ts";
import { route } from "../route/location.ts";
import { useSession } from "../session/session-context.ts";

const pages = [
  { path: "/", label: "Nodes", names: ["nodes", "node"] },
  { path: "/events", label: "Events", names: ["events"] },
  { path: "/mesh", label: "Mesh", names: ["mesh"] },
] as const;

/** Who answers, and the way to the pages. */
export function Header() {
  const current = route.value.page;
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="Pi-Controller, all nodes">
        <img src="/icon.svg" alt="" width="24" height="24" />
        <span>Pi-Controller</span>
      </a>
      <nav aria-label="Pages">
        {pages.map(({ path, label, names }) => (
          <a
            key={path}
            href={path}
            aria-current={names.some((name) => name === current) ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <PeerPill />
    </header>
  );
}

function PeerPill() {
  const { connection, mesh, now } = useSession();
  const { phase, lastAnswerAt } = connection.value;
  const name = mesh.value?.value.name ?? window.location.host;
  const words = {
    connecting: "connecting",
    connected: "connected",
    lost: lastAnswerAt === null ? "no answer" : `silent ${formatDuration(now.value - lastAnswerAt)}`,
  };
  return (
    <a class={`peer peer-${phase}`} href="/mesh" title="The peer that this page talks to">
      <span class="dot" aria-hidden="true" />
      <span class="peer-name">{name}</span> <span class="peer-phase">{words[phase]}</span>
    </a>
  );
}
