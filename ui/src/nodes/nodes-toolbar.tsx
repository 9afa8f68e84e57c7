import { membershipStateSchema, type NodeView } from "@pi-controller/schema";
import { Icon } from "../components/icon.tsx";
import { replaceQuery } from "../route/location.ts";
import { countStates, type NodeFilter } from "./node-filter.ts";
import { formatNodeOrder, type NodeOrder } from "./node-order.ts";
import { columnLabels } from "./node-table.tsx";

interface Properties {
  readonly nodes: readonly NodeView[];
  readonly filter: NodeFilter;
  readonly order: NodeOrder;
}

/** How many there are in each state, which is also the filter, and the search. The address bar keeps both. */
export function NodesToolbar({ nodes, filter, order }: Properties) {
  const counts = countStates(nodes);
  return (
    <div class="toolbar">
      <div class="counts" role="group" aria-label="Filter by state">
        <button
          type="button"
          class="count"
          aria-pressed={filter.state === null}
          onClick={() => replaceQuery({ state: null })}
        >
          <b>{nodes.length}</b> all
        </button>
        {membershipStateSchema.options.map((state) => (
          <button
            key={state}
            type="button"
            class={`count count-${state}`}
            aria-pressed={filter.state === state}
            disabled={counts[state] === 0 && filter.state !== state}
            onClick={() => replaceQuery({ state: filter.state === state ? null : state })}
          >
            <Icon name={state} /> <b>{counts[state]}</b> {state}
          </button>
        ))}
      </div>
      <input
        type="search"
        class="search"
        aria-label="Search nodes"
        placeholder="Name, label, address, model"
        value={filter.search}
        onInput={(event) => replaceQuery({ q: event.currentTarget.value })}
      />
      <label class="sort">
        Sort by{" "}
        <select
          value={formatNodeOrder(order)}
          onChange={(event) => replaceQuery({ sort: event.currentTarget.value })}
        >
          {Object.entries(columnLabels).flatMap(([column, label]) => [
            <option key={column} value={column}>
              {label} ↑
            </option>,
            <option key={`-${column}`} value={`-${column}`}>
              {label} ↓
            </option>,
          ])}
        </select>
      </label>
    </div>
  );
}
