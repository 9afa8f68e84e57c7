import type { SessionView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Ago } from "../../components/ago.tsx";
import { FromNow } from "../../components/from-now.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useIdentity, useMay, usePrincipal } from "../../identity/identity-context.ts";
import { usePeerName } from "../../session/session-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { OwnOrAllChoice } from "../own-or-all.tsx";
import { Section } from "../section.tsx";
import { browserName } from "./browser-name.ts";

/** Who is logged in with a browser on this node: oneself, or everybody. */
export function SessionsSection() {
  const client = useClient();
  const identity = useIdentity();
  const { userId } = usePrincipal();
  const may = useMay();
  const submission = useSubmission();
  const [all, setAll] = useState(false);
  const loaded = useLoaded((peer, call) => peer.sessions.list({ all }, call), [all]);
  const nodeName = usePeerName();
  const end = ({ id, current }: SessionView) =>
    submission.run(async () => {
      if (current) {
        await identity.logout();
        return;
      }
      await client.sessions.end(id);
      loaded.reload();
    });
  return (
    <Section
      title={all ? `All sessions on ${nodeName}` : `Your sessions on ${nodeName}`}
      lead="A session is a browser that is logged in. Each node keeps its own; changing the password ends all others everywhere."
    >
      {may("list", "sessions") && <OwnOrAllChoice all={all} onChange={setAll} />}
      {submission.error !== null && (
        <p class="problem" role="alert">
          Not ended: {submission.error.message}
        </p>
      )}
      <LoadedContent loaded={loaded}>
        {(sessions) => (
          <ListTable
            label="Sessions"
            rows={sessions}
            keyOf={({ id }) => id}
            empty={<p>There is none.</p>}
            columns={[
              {
                label: "Browser",
                cell: ({ userAgent, current }) => (
                  <>
                    <b title={userAgent}>{browserName(userAgent)}</b>{" "}
                    {current && <span class="tag">this one</span>}
                  </>
                ),
              },
              ...(all ? [{ label: "User", cell: ({ userName }: SessionView) => userName }] : []),
              { label: "From", cell: ({ address }) => <code>{address}</code> },
              {
                label: "Logged in",
                cell: ({ createdAt, via }) => (
                  <>
                    <Ago timestamp={createdAt} /> {via === "oidc" ? "by provider" : "by password"}
                  </>
                ),
              },
              { label: "Last used", cell: ({ lastUsedAt }) => <Ago timestamp={lastUsedAt} /> },
              {
                label: "Ends",
                cell: ({ idleExpiresAt, expiresAt }) => (
                  <FromNow timestamp={idleExpiresAt < expiresAt ? idleExpiresAt : expiresAt} />
                ),
              },
            ]}
            actions={(session) =>
              (session.userId === userId || may("delete", "sessions", session.id)) && (
                <button
                  type="button"
                  class="danger"
                  disabled={submission.busy}
                  aria-label={`End the session of ${session.userName} from ${session.address}`}
                  onClick={() => void end(session)}
                >
                  {session.current ? "Log out" : "End"}
                </button>
              )
            }
          />
        )}
      </LoadedContent>
    </Section>
  );
}
