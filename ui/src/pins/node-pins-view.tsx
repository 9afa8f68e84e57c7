import type { GpioView, NodeGpio, NodeId } from "@pi-controller/schema";
import { LoadedContent } from "../components/loaded-content.tsx";
import { query, replaceQuery } from "../route/location.ts";
import { BusesPanel } from "./buses/buses-panel.tsx";
import { ChangesPanel } from "./changes-panel.tsx";
import { DriverNotice } from "./driver-notice.tsx";
import { HeaderPanel } from "./header-panel.tsx";
import { LimitsFacts } from "./limits-facts.tsx";
import { LineChooser } from "./line-chooser.tsx";
import { parseResource } from "./resource.ts";
import { ResourceDetails } from "./resource-details.tsx";
import { type NodePins, useNodePins } from "./use-node-pins.ts";

/** What is shown of a node's pins, and what it is shown from. */
export interface PinsContext {
  readonly node: NodeGpio;
  readonly views: readonly GpioView[];
  readonly pins: NodePins;
  /** `GPIO18`, `i2c-1:0x48`, `spi-0.0`; null while nothing is chosen. */
  readonly chosen: string | null;
  readonly onChoose: (resource: string) => void;
}

/** The pins and buses of one node, live. */
export function NodePinsView({ id }: { readonly id: NodeId }) {
  const pins = useNodePins(id);
  const chosen = parseResource(query.value.get("resource"));
  return (
    <LoadedContent loaded={pins.described}>
      {(node) => (
        <Shown
          context={{
            node,
            pins,
            chosen,
            views: pins.views.value?.items ?? [],
            onChoose: (resource) => replaceQuery({ node: id, resource }),
          }}
        />
      )}
    </LoadedContent>
  );
}

function Shown({ context }: { readonly context: PinsContext }) {
  const { node, pins } = context;
  const hasHeader = node.header.length > 0;
  const hasBuses = node.i2cBuses.length > 0 || node.spiDevices.length > 0;
  return (
    <>
      <DriverNotice node={node} pins={pins} />
      {pins.views.error !== null && (
        <p class="problem" role="alert">
          Who holds what cannot be told: {pins.views.error.message}
        </p>
      )}
      {(hasHeader || hasBuses || node.problem === null) && (
        <div class="pins-columns">
          {hasHeader && <HeaderPanel context={context} />}
          {!hasHeader && node.problem === null && <LineChooser context={context} />}
          <ResourceDetails key={context.chosen} context={context} />
        </div>
      )}
      {hasBuses && <BusesPanel context={context} />}
      {node.problem === null && <ChangesPanel live={pins.live} />}
      <LimitsFacts node={node} />
    </>
  );
}
