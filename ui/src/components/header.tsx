import { usePinRights } from "../access/pin-rights.ts";
import { UserMenu } from "../account/user-menu.tsx";
import { formatDuration } from "../format/duration.ts";
import { useMay } from "../identity/identity-context.ts";
import { route } from "../route/location.ts";
import { usePeerName, useSession } from "../session/session-context.ts";
import { StopButton } from "../stops/stop-button.tsx";

const pages = [
  { path: "/", label: "Nodes", names: ["nodes", "node"], resource: "nodes", verb: "list" },
  { path: "/pins", label: "Pins", names: ["pins"], resource: "gpio", verb: "list" },
  { path: "/events", label: "Events", names: ["events"], resource: "events", verb: "list" },
  { path: "/mesh", label: "Mesh", names: ["mesh"], resource: "mesh", verb: "get" },
  // Everybody has sessions of his own there.
  { path: "/security", label: "Security", names: ["security"], resource: null, verb: "get" },
] as const;

/** Who answers, and the way to the pages. */
export function Header() {
  const current = route.value.page;
  const may = useMay();
  const mayWithPins = usePinRights();
  const shown = pages.filter(({ verb, resource }) => {
    if (resource === "gpio") return mayWithPins(verb);
    return resource === null || may(verb, resource);
  });
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="Pi-Controller, all nodes">
        <img src="/icon.svg" alt="" width="24" height="24" />
        <span>Pi-Controller</span>
      </a>
      <nav aria-label="Pages">
        {shown.map(({ path, label, names }) => (
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
      <StopButton node={null} />
      <UserMenu />
    </header>
  );
}

function PeerPill() {
  const { connection, now } = useSession();
  const { phase, lastAnswerAt } = connection.value;
  const name = usePeerName();
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
