import type { HeaderPin } from "@pi-controller/schema";
import { useRef, useState } from "preact/hooks";
import { usePrincipal } from "../identity/identity-context.ts";
import { headerRows, neighbour, pinName } from "./header-layout.ts";
import { isHolder } from "./holder.ts";
import type { PinsContext } from "./node-pins-view.tsx";
import { PinPlace } from "./pin-place.tsx";
import { signalOf } from "./pin-signal.ts";
import { placeState } from "./place-state.ts";
import { pinResource } from "./resource.ts";

/** The header as it lies on the board. The arrow keys walk over it, as it is one stop of the tab key. */
export function HeaderPanel({ context }: { readonly context: PinsContext }) {
  const { node, views, pins, chosen, onChoose } = context;
  const principal = usePrincipal();
  const grid = useRef<HTMLOListElement>(null);
  const [looked, setLooked] = useState<HeaderPin | null>(null);
  const first = node.header.find(({ kind }) => kind === "gpio");
  const chosenPin = node.header.find(({ gpio }) => gpio !== null && pinResource(gpio) === chosen);
  const reachable = looked ?? chosenPin ?? first;
  const walk = (event: KeyboardEvent, position: number) => {
    const next = neighbour(node.header, position, event.key);
    if (next === null) return;
    event.preventDefault();
    grid.current?.querySelector<HTMLElement>(`[data-position="${next}"]`)?.focus();
  };
  return (
    <section class="panel header-panel" aria-label={`Header of ${node.nodeName}`}>
      <h2>40-pin header</h2>
      <p class="hint pin-caption">
        {looked === null ? "Choose a pin to see and use it." : captionOf(looked)}
      </p>
      <ol class="header-grid" ref={grid} aria-label="Pins by position">
        {headerRows(node.header).flatMap((row) =>
          row.map((pin) => {
            const view =
              views.find(({ gpio, state }) => gpio !== null && gpio === pin.gpio && state === "granted") ??
              null;
            const mine = view !== null && isHolder(principal, view.holder);
            const change = pin.gpio === null ? undefined : pins.live.last.get(pin.gpio);
            const signal = view === null ? null : signalOf(view, change, pins.interrupted);
            return (
              <PinPlace
                key={pin.position}
                pin={pin}
                state={placeState(pin, view, mine, signal)}
                isChosen={pin === chosenPin}
                isReachable={pin.position === reachable?.position}
                onLook={setLooked}
                onKey={walk}
                onChoose={onChoose}
              />
            );
          }),
        )}
      </ol>
      <Legend />
    </section>
  );
}

/** A pin and its other functions in a line. */
function captionOf(pin: HeaderPin): string {
  const functions = pin.functions.map(({ name, alternative }) => `${name} (${alternative})`).join(", ");
  return `${pinName(pin)}, pin ${pin.position}${functions === "" ? "" : `: ${functions}`}`;
}

const legend = [
  ["power3", "3.3 V"],
  ["power5", "5 V"],
  ["ground", "Ground"],
  ["free", "Free"],
  ["mine", "Yours"],
  ["held", "Held"],
  ["bus", "On a bus"],
  ["reserved", "For the board"],
] as const;

function Legend() {
  return (
    <ul class="pin-legend" aria-label="Legend">
      {legend.map(([look, text]) => (
        <li key={look}>
          <span class={`pin-dot pin-${look}`} aria-hidden="true" /> {text}
        </li>
      ))}
      <li>H high, L low, % PWM, ? unknown</li>
    </ul>
  );
}
