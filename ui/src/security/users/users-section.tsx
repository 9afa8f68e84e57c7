import type { UserView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { Ago } from "../../components/ago.tsx";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { ConfirmDialog } from "../../forms/confirm-dialog.tsx";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useIdentity, useMayWithAuthority } from "../../identity/identity-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { Section } from "../section.tsx";
import { ChangeUserDialog } from "./change-user-dialog.tsx";
import { CreateUserDialog } from "./create-user-dialog.tsx";

type Open =
  | { readonly kind: "create" }
  | { readonly kind: "change"; readonly user: UserView }
  | { readonly kind: "remove"; readonly user: UserView };

/** Who may log in. */
export function UsersSection() {
  const client = useClient();
  const identity = useIdentity();
  const loaded = useLoaded((peer, call) => peer.users.list(call));
  const [open, setOpen] = useState<Open | null>(null);
  const may = useMayWithAuthority();
  const close = () => setOpen(null);
  const saved = () => {
    loaded.reload();
    // One's own roles may be among what has changed.
    void identity.ask();
  };
  return (
    <Section
      title="Users"
      lead="A login works on every node of the mesh, also offline."
      actions={
        may("create", "users") && (
          <button type="button" class="primary" onClick={() => setOpen({ kind: "create" })}>
            <Icon name="plus" /> New user
          </button>
        )
      }
    >
      <LoadedContent loaded={loaded}>
        {(users) => (
          <ListTable
            label="Users"
            rows={users}
            keyOf={({ id }) => id}
            empty={<p>There are none.</p>}
            columns={[
              {
                label: "Name",
                cell: ({ name, self }) => (
                  <>
                    <b>{name}</b> {self && <span class="tag">you</span>}
                  </>
                ),
              },
              { label: "Roles", cell: ({ roles }) => roles.join(", ") || <span class="muted">none</span> },
              { label: "State", cell: stateOf },
              {
                label: "Provider",
                cell: ({ oidcSubject }) =>
                  oidcSubject === null ? <span class="muted">not linked</span> : <code>{oidcSubject}</code>,
              },
              { label: "Changed", cell: ({ updatedAt }) => <Ago timestamp={updatedAt} /> },
            ]}
            actions={(user) => (
              <>
                {may("update", "users", user.id) && (
                  <button
                    type="button"
                    aria-label={`Change ${user.name}`}
                    onClick={() => setOpen({ kind: "change", user })}
                  >
                    Change
                  </button>
                )}
                {may("delete", "users", user.id) && !user.self && (
                  <button
                    type="button"
                    class="danger"
                    aria-label={`Remove ${user.name}`}
                    onClick={() => setOpen({ kind: "remove", user })}
                  >
                    Remove
                  </button>
                )}
              </>
            )}
          />
        )}
      </LoadedContent>
      {open?.kind === "create" && <CreateUserDialog onSaved={saved} onClose={close} />}
      {open?.kind === "change" && <ChangeUserDialog user={open.user} onSaved={saved} onClose={close} />}
      {open?.kind === "remove" && (
        <ConfirmDialog
          title={`Remove ${open.user.name}?`}
          action={`Remove ${open.user.name}`}
          busyText="Removing …"
          onClose={close}
          onConfirm={async (password) => {
            await client.users.remove(open.user.id, { password }, CONFIRMED);
            loaded.reload();
          }}
        >
          <p>
            The login, sessions, API tokens and client certificates of {open.user.name} end, on every node.
            What was done under the name stays in the audit log.
          </p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function stateOf({ disabled, canUnseal }: UserView) {
  if (disabled) return <span class="badge badge-left">disabled</span>;
  return (
    <>
      <span class="badge badge-alive">may log in</span>{" "}
      {canUnseal && (
        <span class="tag" title="The password of this user opens the authority of the mesh">
          authority
        </span>
      )}
    </>
  );
}
