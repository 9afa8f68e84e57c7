import type { GpioView } from "@pi-controller/schema";
import { replaceQuery } from "../route/location.ts";
import { useNameOf, useSession } from "../session/session-context.ts";
import { nodesWithPins } from "./chosen-node.ts";
import type { ReservationFilter } from "./reservation-filter.ts";

interface Properties {
  readonly filter: ReservationFilter;
  readonly views: readonly GpioView[];
}

/** Chooses which reservations are shown; the address bar keeps it. */
export function ReservationToolbar({ filter, views }: Properties) {
  const { nodes } = useSession();
  const nameOf = useNameOf();
  const known = nodesWithPins(nodes.value?.value ?? []).map(({ id, name }) => [id, name] as const);
  const ofViews = views.map(({ node, nodeName }) => [node, nodeName] as const);
  const named = filter.node === "" ? [] : [[filter.node, nameOf(filter.node)] as const];
  const nodeChoices = [...new Map([...named, ...ofViews, ...known])];
  const namespaces = new Set([...views.map(({ namespace }) => namespace), filter.namespace].filter(Boolean));
  return (
    <div class="toolbar">
      <Choice
        label="Node"
        value={filter.node}
        choices={nodeChoices}
        onChange={(node) => replaceQuery({ node })}
      />
      <Choice
        label="Namespace"
        value={filter.namespace}
        choices={[...namespaces].toSorted().map((name) => [name, name] as const)}
        onChange={(namespace) => replaceQuery({ namespace })}
      />
      <Choice
        label="State"
        value={filter.state}
        choices={[
          ["granted", "holds"],
          ["waiting", "waits"],
        ]}
        onChange={(state) => replaceQuery({ state })}
      />
    </div>
  );
}

interface ChoiceProperties {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProperties) {
  return (
    <label>
      {label}{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
