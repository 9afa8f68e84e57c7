import { useRef } from "preact/hooks";
import { ClockNotice } from "../components/clock-notice.tsx";
import { Icon } from "../components/icon.tsx";
import { ReloadAdvice } from "../components/reload-advice.tsx";
import { formatDuration } from "../format/duration.ts";
import { SessionEndBanner } from "../identity/session-end-banner.tsx";
import { LostLeasesBanner } from "../pins/lost-banner.tsx";
import { useAge, useNameOf, usePeerName, useSession } from "../session/session-context.ts";
import { StopBanner } from "../stops/stop-banner.tsx";
import { otherPeers } from "./other-peers.ts";

/** What an operator must know on whatever page: the peer is gone, or in trouble, or the mesh is split. */
export function Banners() {
  return (
    <div class="banners">
      <StopBanner />
      <LostBanner />
      <SessionEndBanner />
      <ClockNotice />
      <TroubleBanner />
      <LostLeasesBanner />
      <PartitionBanner />
      <VersionBanner />
    </div>
  );
}

/** After so many failures in a row it is worth a thought that the certificate may have changed. */
const CERTIFICATE_SUSPECTED = 3;

function LostBanner() {
  const session = useSession();
  const { phase, lastAnswerAt, retryAt, reason, failures } = session.connection.value;
  const name = usePeerName();
  if (phase !== "lost") return null;
  const now = session.now.value;
  const silent = lastAnswerAt === null ? "" : `, last heard ${formatDuration(now - lastAnswerAt)} ago`;
  const shown = lastAnswerAt === null ? "" : "; showing what was known";
  // Rounded up: "in 0 s" would be now.
  const retry = retryAt === null ? "trying now" : `retrying in ${formatDuration(retryAt - now + 999)}`;
  return (
    <section class="banner banner-bad" aria-label="Connection">
      <Icon name="dead" />
      <div>
        <p>
          <strong>
            {name} does not answer{silent}
          </strong>
          {shown}; {retry}.
        </p>
        {reason !== null && <p class="muted">{reason}.</p>}
        {failures >= CERTIFICATE_SUSPECTED && <ReloadAdvice />}
        <OtherPeers />
      </div>
      <button type="button" onClick={() => session.refreshNow()}>
        Retry now
      </button>
    </section>
  );
}

/** Every peer serves the same pages: any other one that was there will do. */
function OtherPeers() {
  const nodes = useSession().nodes.value?.value ?? [];
  const others = otherPeers(nodes, new URL(window.location.href));
  if (others.length === 0) return null;
  return (
    <p class="others">
      <span>Open this page at another peer:</span>
      {others.map(({ id, name, url }) => (
        <a key={id} class="button" href={url}>
          {name} <Icon name="external" />
        </a>
      ))}
    </p>
  );
}

function TroubleBanner() {
  const { trouble } = useSession();
  if (trouble.value === null) return null;
  return (
    <section class="banner banner-warning" role="status" aria-label="Trouble">
      <Icon name="suspect" />
      <p>
        <strong>The peer answers, but not with what it was asked for:</strong> {trouble.value}
      </p>
    </section>
  );
}

function PartitionBanner() {
  const { mesh, lost } = useSession();
  const nameOf = useNameOf();
  // What a peer that is gone thought of others has no place above everything else.
  const partition = lost.value ? null : (mesh.value?.value.partition ?? null);
  const ageMs = useAge(partition?.since ?? null);
  if (partition === null) return null;
  const names = partition.unreachable.map(nameOf).sort();
  const some = names.slice(0, 6).join(", ");
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  return (
    <section class="banner banner-warning" role="status" aria-label="Partition">
      <Icon name="suspect" />
      <p>
        <strong>The mesh looks split from {mesh.value?.value.name}:</strong> {some}
        {more} out of reach{ageMs === null ? "" : ` for ${formatDuration(ageMs)}`}. Both sides go on, and
        merge when they meet again.
      </p>
    </section>
  );
}

/** The page that is open came from an older peer than the one that answers now. */
function VersionBanner() {
  const version = useSession().mesh.value?.value.version;
  const first = useRef(version);
  first.current ??= version;
  if (version === first.current) return null;
  return (
    <section class="banner banner-info" role="status" aria-label="Update">
      <Icon name="info" />
      <p>
        The peer was updated to {version}. This page is still the one of {first.current}.
      </p>
      <button type="button" onClick={() => window.location.reload()}>
        Reload
      </button>
    </section>
  );
}
