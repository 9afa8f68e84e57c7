import type { AuditPage, AuditRecord } from "@pi-controller/schema";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { formatMoment, formatTime } from "../../format/moment.ts";
import { query, replaceQuery } from "../../route/location.ts";
import { useNameOf, useSession } from "../../session/session-context.ts";
import { Section } from "../section.tsx";
import { type AuditFilter, auditFilterOf } from "./audit-filter.ts";
import { useAuditLog } from "./use-audit-log.ts";

/** Who did what, and what was refused, on one node. */
export function AuditSection() {
  const filter = auditFilterOf(query.value);
  const log = useAuditLog(filter);
  return (
    <Section
      title="Audit"
      lead="Each node records what it was asked to change, and what it refused. The records are chained, so that none can be taken out or altered unnoticed."
      actions={
        <button type="button" class="quiet" onClick={log.reload}>
          Read again
        </button>
      }
    >
      <Filters filter={filter} />
      <LoadedContent loaded={{ value: log.page, error: log.error, reload: log.reload }}>
        {(page) => (
          <>
            <Chain page={page} />
            <Records page={page} />
          </>
        )}
      </LoadedContent>
      {log.more && (
        <button type="button" class="quiet" onClick={log.loadMore}>
          Older records
        </button>
      )}
    </Section>
  );
}

function Filters({ filter }: { readonly filter: AuditFilter }) {
  const nodes = useSession().nodes.value?.value ?? [];
  const peers = nodes
    .filter(({ kind }) => kind === "peer")
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return (
    <div class="toolbar">
      <label>
        Node{" "}
        <select value={filter.node} onChange={(event) => replaceQuery({ node: event.currentTarget.value })}>
          <option value="">the one that answers</option>
          {peers
            .filter(({ self }) => !self)
            .map(({ id, name, membership }) => (
              <option key={id} value={id}>
                {membership.state === "alive" ? name : `${name} (${membership.state})`}
              </option>
            ))}
        </select>
      </label>
      <label>
        Outcome{" "}
        <select
          value={filter.outcome}
          onChange={(event) => replaceQuery({ outcome: event.currentTarget.value })}
        >
          <option value="">all</option>
          <option value="allowed">allowed</option>
          <option value="denied">denied</option>
          <option value="failed">failed</option>
        </select>
      </label>
      <input
        type="search"
        class="search"
        aria-label="Who"
        placeholder="Who: a user name"
        autoCapitalize="none"
        value={filter.actor}
        onInput={(event) => replaceQuery({ actor: event.currentTarget.value })}
      />
      {filter.correlation !== "" && (
        <span class="filter-chip">
          Of request <code>{filter.correlation}</code>
          <button type="button" class="quiet" onClick={() => replaceQuery({ correlation: null })}>
            Show all
          </button>
        </span>
      )}
    </div>
  );
}

function Chain({ page }: { readonly page: AuditPage }) {
  const nameOf = useNameOf();
  const { intact, firstSequence, detail } = page.chain;
  return (
    <p class={intact ? "chain" : "chain warning"} role={intact ? undefined : "alert"}>
      <span class={`badge badge-${intact ? "alive" : "dead"}`}>
        <Icon name={intact ? "alive" : "dead"} /> {intact ? "chain whole" : "chain broken"}
      </span>{" "}
      Log of {nameOf(page.node)}, kept from record {firstSequence} on. {detail}
    </p>
  );
}

const outcomeBadges: Readonly<Record<AuditRecord["outcome"], string>> = {
  allowed: "alive",
  denied: "dead",
  failed: "suspect",
};

function Records({ page }: { readonly page: AuditPage }) {
  const nameOf = useNameOf();
  const now = useSession().wallClock();
  return (
    <ListTable
      label="Audit records, newest first"
      rows={page.items}
      keyOf={({ sequence }) => String(sequence)}
      empty={<p>No record matches.</p>}
      columns={[
        {
          label: "When",
          cell: ({ at, sequence }) => (
            <time dateTime={at} title={`${formatMoment(at)}, record ${sequence}`}>
              {formatTime(Date.parse(at), now)}
            </time>
          ),
        },
        {
          label: "Who",
          cell: ({ actor, via, userId }) => (
            <>
              <b>{userId === null ? nameOf(actor) : actor}</b> <small>{via}</small>
            </>
          ),
        },
        { label: "What", cell: ({ action, target }) => <What action={action} target={target} /> },
        {
          label: "Outcome",
          cell: ({ outcome, detail }) => (
            <>
              <span class={`badge badge-${outcomeBadges[outcome]}`}>{outcome}</span> <small>{detail}</small>
            </>
          ),
        },
        { label: "From", cell: ({ address }) => <code>{address}</code> },
        {
          label: "Request",
          cell: ({ correlationId }) => (
            <a
              href={`/events?correlation=${encodeURIComponent(correlationId)}`}
              title={`Events of request ${correlationId}`}
            >
              <code>{correlationId.slice(-8)}</code>
            </a>
          ),
        },
      ]}
    />
  );
}

function What({ action, target }: { readonly action: string; readonly target: string }) {
  const nameOf = useNameOf();
  return (
    <>
      {action} {target !== "" && <code title={target}>{nameOf(target)}</code>}
    </>
  );
}
