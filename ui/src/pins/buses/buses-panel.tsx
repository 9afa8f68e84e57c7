import type { PinsContext } from "../node-pins-view.tsx";
import { kindOf, spiResource } from "../resource.ts";
import { DeviceButtons } from "./device-buttons.tsx";
import { I2cBus } from "./i2c-bus.tsx";

/** The buses of a node that are on, and the devices on them. */
export function BusesPanel({ context }: { readonly context: PinsContext }) {
  const { node, views, chosen, onChoose } = context;
  const holderOf = (resource: string) =>
    views.find((view) => view.resource === resource && view.state === "granted")?.holder.userName ?? null;
  return (
    <section class="panel" aria-label="Buses">
      <h2>Buses</h2>
      {node.i2cBuses.map((bus) => (
        <I2cBus
          key={bus}
          node={node}
          bus={bus}
          devices={views.flatMap(({ resource, state }) =>
            kindOf(resource) === "i2c" && resource.startsWith(`i2c-${bus}:`) && state === "granted"
              ? [resource]
              : [],
          )}
          holderOf={holderOf}
          chosen={chosen}
          onChoose={onChoose}
        />
      ))}
      {node.spiDevices.length > 0 && (
        <div class="bus">
          <h3>SPI</h3>
          <DeviceButtons
            resources={node.spiDevices.map(spiResource)}
            holderOf={holderOf}
            chosen={chosen}
            onChoose={onChoose}
          />
        </div>
      )}
    </section>
  );
}
