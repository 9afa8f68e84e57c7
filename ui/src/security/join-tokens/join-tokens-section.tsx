import type { JoinTokenView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { CredentialBadge } from "../../components/credential-state.tsx";
import { FromNow } from "../../components/from-now.tsx";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { ConfirmDialog } from "../../forms/confirm-dialog.tsx";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useMayWithAuthority } from "../../identity/identity-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { Section } from "../section.tsx";
import { CreateJoinTokenDialog } from "./create-join-token-dialog.tsx";

/** Tokens with which nodes join by themselves. */
export function JoinTokensSection() {
  const client = useClient();
  const loaded = useLoaded((peer, call) => peer.joinTokens.list(call));
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<JoinTokenView | null>(null);
  const may = useMayWithAuthority();
  const create = may("create", "join-tokens") && (
    <button type="button" class="primary" onClick={() => setCreating(true)}>
      <Icon name="plus" /> New join token
    </button>
  );
  return (
    <Section
      title="Join tokens"
      lead="A Raspberry Pi with a join token on its card becomes a member by itself: flash, plug in, done. Whoever has the token can add nodes, so keep it short-lived."
      actions={create}
    >
      <LoadedContent loaded={loaded}>
        {(tokens) => (
          <ListTable
            label="Join tokens"
            rows={tokens}
            keyOf={({ id }) => id}
            empty={<p>There is none. One is only needed to add several nodes without a click each.</p>}
            columns={[
              {
                label: "Label",
                cell: ({ id, label }) => (
                  <>
                    <b>{label || "without a label"}</b> <code>{id}</code>
                  </>
                ),
              },
              { label: "State", cell: ({ state }) => <CredentialBadge state={state} /> },
              { label: "Used", cell: usesOf },
              { label: "Expires", cell: ({ expiresAt }) => <FromNow timestamp={expiresAt} /> },
              { label: "Made by", cell: ({ createdBy }) => createdBy },
            ]}
            actions={(token) =>
              token.state === "valid" &&
              may("revoke", "join-tokens", token.id) && (
                <button
                  type="button"
                  class="danger"
                  aria-label={`Revoke ${token.label || token.id}`}
                  onClick={() => setRevoking(token)}
                >
                  Revoke
                </button>
              )
            }
          />
        )}
      </LoadedContent>
      {creating && <CreateJoinTokenDialog onCreated={loaded.reload} onClose={() => setCreating(false)} />}
      {revoking !== null && (
        <ConfirmDialog
          title={`Revoke join token ${revoking.label || revoking.id}?`}
          action="Revoke it"
          busyText="Revoking …"
          onClose={() => setRevoking(null)}
          onConfirm={async (password) => {
            await client.joinTokens.revoke(revoking.id, { password }, CONFIRMED);
            loaded.reload();
          }}
        >
          <p>No node can join with it any more. Those that have joined stay.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function usesOf({ used, uses }: JoinTokenView) {
  const text = `${used} of ${uses}`;
  return used > uses ? <span class="problem">{text}: more than allowed, in a split mesh</span> : text;
}
