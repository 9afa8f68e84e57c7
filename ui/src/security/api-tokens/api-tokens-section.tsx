import type { ApiTokenView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { CredentialBadge } from "../../components/credential-state.tsx";
import { FromNow } from "../../components/from-now.tsx";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { ConfirmDialog } from "../../forms/confirm-dialog.tsx";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useMay, useMayWithAuthority, usePrincipal } from "../../identity/identity-context.ts";
import { useNameOf } from "../../session/session-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { OwnOrAllChoice } from "../own-or-all.tsx";
import { ruleText } from "../roles/rule-text.ts";
import { Section } from "../section.tsx";
import { CreateApiTokenDialog } from "./create-api-token-dialog.tsx";

/** Tokens with which programs ask the API: one's own, or everybody's. */
export function ApiTokensSection() {
  const client = useClient();
  const { userId } = usePrincipal();
  const mayAll = useMay()("list", "api-tokens");
  const mayRevokeAll = useMayWithAuthority()("revoke", "api-tokens");
  const [all, setAll] = useState(false);
  const loaded = useLoaded((peer, call) => peer.apiTokens.list({ all }, call), [all]);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiTokenView | null>(null);
  const nameOf = useNameOf();
  return (
    <Section
      title={all ? "API tokens of all users" : "Your API tokens"}
      lead="For programs and scripts: sent as a bearer token, good on every node of the mesh, also offline."
      actions={
        // A token belongs to a user of the mesh; one whom a provider alone knows has no key to sign it with.
        userId !== null && (
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            <Icon name="plus" /> New API token
          </button>
        )
      }
    >
      {mayAll && <OwnOrAllChoice all={all} onChange={setAll} />}
      <LoadedContent loaded={loaded}>
        {(tokens) => (
          <ListTable
            label="API tokens"
            rows={tokens}
            keyOf={({ id }) => id}
            empty={<p>{all ? "Nobody has one." : "You have none."}</p>}
            columns={[
              {
                label: "Name",
                cell: ({ id, name }) => (
                  <>
                    <b>{name}</b> <code>{id}</code>
                  </>
                ),
              },
              ...(all ? [{ label: "User", cell: ({ userName }: ApiTokenView) => userName }] : []),
              { label: "State", cell: ({ state }) => <CredentialBadge state={state} /> },
              { label: "Expires", cell: ({ expiresAt }) => <FromNow timestamp={expiresAt} /> },
              { label: "May", cell: scopeOf },
              { label: "Made on", cell: ({ node }) => nameOf(node) },
            ]}
            actions={(token) =>
              token.state === "valid" &&
              (token.userId === userId || mayRevokeAll) && (
                <button
                  type="button"
                  class="danger"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() => setRevoking(token)}
                >
                  Revoke
                </button>
              )
            }
          />
        )}
      </LoadedContent>
      {creating && <CreateApiTokenDialog onCreated={loaded.reload} onClose={() => setCreating(false)} />}
      {revoking !== null && (
        <ConfirmDialog
          title={`Revoke API token ${revoking.name}?`}
          action="Revoke it"
          busyText="Revoking …"
          onClose={() => setRevoking(null)}
          onConfirm={async (password) => {
            await client.apiTokens.revoke(revoking.id, { password }, CONFIRMED);
            loaded.reload();
          }}
        >
          <p>Programs that use it are refused from now on, on every node that has heard of it.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function scopeOf({ scope }: ApiTokenView) {
  if (scope === null) return "all that the user may";
  return (
    <ul class="plain">
      {scope.map((rule) => (
        <li key={JSON.stringify(rule)}>{ruleText(rule)}</li>
      ))}
    </ul>
  );
}
