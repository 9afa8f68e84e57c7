import type { PendingNode } from "@pi-controller/schema";
import { Ago } from "../components/ago.tsx";
import { Fingerprint } from "../components/fingerprint.tsx";
import { ListTable } from "../components/list-table.tsx";
import { hostOfMultiaddr } from "../format/host.ts";
import { useMayWithAuthority } from "../identity/identity-context.ts";

interface Properties {
  readonly nodes: readonly PendingNode[];
  readonly onApprove: (node: PendingNode) => void;
}

/** Nodes that wait, each with its fingerprint and the way to admit it. */
export function PendingList({ nodes, onApprove }: Properties) {
  const mayApprove = useMayWithAuthority()("approve", "pending-nodes");
  return (
    <ListTable
      label="Nodes that wait to be admitted"
      rows={nodes}
      keyOf={({ id }) => id}
      empty={<p>None is in sight.</p>}
      columns={[
        { label: "Name", cell: ({ name }) => <b>{name}</b> },
        { label: "Fingerprint", cell: ({ fingerprint }) => <Fingerprint text={fingerprint} /> },
        { label: "Found", cell: ({ foundAt }) => <Ago timestamp={foundAt} /> },
        { label: "Address", cell: ({ addresses }) => <Address addresses={addresses} /> },
        { label: "State", cell: stateOf },
      ]}
      {...(mayApprove
        ? {
            actions: (node: PendingNode) => (
              <button
                type="button"
                class="primary"
                aria-label={`Approve ${node.name}`}
                onClick={() => onApprove(node)}
              >
                Approve
              </button>
            ),
          }
        : {})}
    />
  );
}

/** Where it is; all of its addresses for who hovers. */
export function Address({ addresses }: { readonly addresses: readonly string[] }) {
  const [best] = addresses;
  if (best === undefined) return <span class="muted">unknown</span>;
  return <code title={addresses.join("\n")}>{hostOfMultiaddr(best)}</code>;
}

function stateOf({ joinToken, problem }: PendingNode) {
  if (problem !== null) return <span class="problem">{problem}</span>;
  if (joinToken !== null) return "carries a join token: is admitted by itself";
  return "waits for its set-up code";
}
