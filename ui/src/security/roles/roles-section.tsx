import type { RoleView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { ConfirmDialog } from "../../forms/confirm-dialog.tsx";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useMayWithAuthority } from "../../identity/identity-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { Section } from "../section.tsx";
import { RoleDialog } from "./role-dialog.tsx";
import { ruleText } from "./rule-text.ts";

type Open =
  | { readonly kind: "edit"; readonly role: RoleView | null }
  | { readonly kind: "remove"; readonly role: RoleView };

/** The roles: those that every mesh has, and one's own. */
export function RolesSection() {
  const client = useClient();
  const loaded = useLoaded((peer, call) => peer.roles.list(call));
  const [open, setOpen] = useState<Open | null>(null);
  const may = useMayWithAuthority();
  const close = () => setOpen(null);
  return (
    <Section
      title="Roles"
      lead="What a user may do is what all his roles allow, taken together."
      actions={
        may("update", "roles") && (
          <button type="button" class="primary" onClick={() => setOpen({ kind: "edit", role: null })}>
            <Icon name="plus" /> New role
          </button>
        )
      }
    >
      <LoadedContent loaded={loaded}>
        {(roles) => (
          <ListTable
            label="Roles"
            rows={roles}
            keyOf={({ name }) => name}
            empty={<p>There are no roles.</p>}
            columns={[
              {
                label: "Name",
                cell: ({ name, builtIn }) => (
                  <>
                    <b>{name}</b> {builtIn && <span class="tag">built in</span>}
                  </>
                ),
              },
              { label: "For", cell: ({ description }) => description || <span class="muted">not said</span> },
              { label: "May", cell: ({ rules }) => <Rules rules={rules} /> },
            ]}
            actions={(role) =>
              !role.builtIn && (
                <>
                  {may("update", "roles", role.name) && (
                    <button
                      type="button"
                      aria-label={`Change ${role.name}`}
                      onClick={() => setOpen({ kind: "edit", role })}
                    >
                      Change
                    </button>
                  )}
                  {may("delete", "roles", role.name) && (
                    <button
                      type="button"
                      class="danger"
                      aria-label={`Remove ${role.name}`}
                      onClick={() => setOpen({ kind: "remove", role })}
                    >
                      Remove
                    </button>
                  )}
                </>
              )
            }
          />
        )}
      </LoadedContent>
      {open?.kind === "edit" && (
        <RoleDialog
          role={open.role}
          taken={(loaded.value ?? []).map(({ name }) => name)}
          onSaved={loaded.reload}
          onClose={close}
        />
      )}
      {open?.kind === "remove" && (
        <ConfirmDialog
          title={`Remove role ${open.role.name}?`}
          action="Remove it"
          busyText="Removing …"
          onClose={close}
          onConfirm={async (password) => {
            await client.roles.remove(open.role.name, { password }, CONFIRMED);
            loaded.reload();
          }}
        >
          <p>It can only be removed while no user has it.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function Rules({ rules }: { readonly rules: RoleView["rules"] }) {
  if (rules.length === 0) return <span class="muted">nothing</span>;
  return (
    <ul class="plain">
      {rules.map((rule) => (
        <li key={JSON.stringify(rule)}>{ruleText(rule)}</li>
      ))}
    </ul>
  );
}
