import type { GpioView } from "@pi-controller/schema";
import { ListTable } from "../components/list-table.tsx";
import { LoadedContent } from "../components/loaded-content.tsx";
import { newestEvent } from "../events/newest-event.ts";
import { usePrincipal } from "../identity/identity-context.ts";
import { query } from "../route/location.ts";
import { pinsPath } from "../route/route.ts";
import { Section } from "../security/section.tsx";
import { useSession } from "../session/session-context.ts";
import { useLoaded } from "../session/use-loaded.ts";
import { useSecond } from "../time/use-second.ts";
import { isHolder } from "./holder.ts";
import { ObservedValue } from "./observed-value.tsx";
import { remainingMs, remainingText } from "./remaining.ts";
import { parseReservationFilter, reservationQuery, sortReservations } from "./reservation-filter.ts";
import { ReservationToolbar } from "./reservation-toolbar.tsx";
import { modeText, valueText } from "./terms-text.ts";

const MOST_SHOWN = 500;
const REFRESHES_PER_LOOK = 3;

/** Who holds what, on all nodes. */
export function ReservationsSection() {
  const session = useSession();
  const filter = parseReservationFilter(query.value);
  const event = newestEvent(session.feed.value, ({ type }) => type.startsWith("gpio."));
  const round = Math.floor(session.refreshes.value / REFRESHES_PER_LOOK);
  const loaded = useLoaded(
    async (client, call) => {
      const page = await client.gpio.list({ ...reservationQuery(filter), limit: MOST_SHOWN }, call);
      return { ...page, heardAt: session.monotonic() };
    },
    [filter.node, filter.namespace, filter.state, event, round],
  );
  return (
    <Section title="Reservations" lead="Who holds or waits for which pin or device, on all nodes.">
      <LoadedContent loaded={loaded}>
        {({ items, total, heardAt }) => (
          <>
            <ReservationToolbar filter={filter} views={items} />
            {total > items.length && (
              <p class="warning">
                These are {items.length} of {total}. Filter by node or namespace to see the others.
              </p>
            )}
            <ReservationTable views={sortReservations(items)} heardAt={heardAt} />
          </>
        )}
      </LoadedContent>
    </Section>
  );
}

interface Properties {
  readonly views: readonly GpioView[];
  readonly heardAt: number;
}

function ReservationTable({ views, heardAt }: Properties) {
  const principal = usePrincipal();
  const now = useSecond();
  return (
    <ListTable
      label="Reservations"
      rows={views}
      keyOf={({ id }) => id}
      empty={<p>There are none. Pins are reserved on their header.</p>}
      columns={[
        {
          label: "Pin or device",
          cell: ({ node, resource, name }) => (
            <>
              <a href={pinsPath("pins", { node, resource })}>{resource}</a> {name}
            </>
          ),
        },
        { label: "Node", cell: ({ nodeName }) => nodeName },
        {
          label: "Holder",
          cell: ({ holder }) => (
            <>
              {holder.userName} {isHolder(principal, holder) && <span class="tag">you</span>}
            </>
          ),
        },
        { label: "Namespace", cell: ({ namespace }) => namespace },
        { label: "Mode", cell: ({ mode }) => modeText(mode) },
        { label: "State", cell: (view) => <Standing view={view} leftMs={remainingMs(view, heardAt, now)} /> },
        { label: "Observed", cell: (view) => <Observed view={view} /> },
      ]}
    />
  );
}

function Standing({ view, leftMs }: { readonly view: GpioView; readonly leftMs: number | null }) {
  if (view.state === "waiting") {
    return (
      <>
        <span class="badge badge-suspect">waits</span>{" "}
        <small>place {view.position ?? "unknown"} in line</small>
      </>
    );
  }
  return (
    <>
      <span class="badge badge-alive">holds</span> <small>{remainingText(view, leftMs)}</small>
    </>
  );
}

function Observed({ view }: { readonly view: GpioView }) {
  const fault = (view.observed.value ?? view.observed.lastValue)?.fault ?? null;
  return (
    <>
      <ObservedValue view={view} />
      {view.pending !== null && (
        <small class="pending-value">{valueText(view.pending.value)} waits for the node</small>
      )}
      {fault !== null && <p class="problem">{fault}</p>}
    </>
  );
}
