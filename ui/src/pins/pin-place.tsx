import type { HeaderPin } from "@pi-controller/schema";
import { pinName } from "./header-layout.ts";
import type { PlaceState } from "./place-state.ts";
import { pinResource } from "./resource.ts";

interface Properties {
  readonly pin: HeaderPin;
  readonly state: PlaceState;
  readonly isChosen: boolean;
  /** Whether the tab key leads here; the arrow keys lead on. */
  readonly isReachable: boolean;
  readonly onLook: (pin: HeaderPin | null) => void;
  readonly onKey: (event: KeyboardEvent, position: number) => void;
  readonly onChoose: (resource: string) => void;
}

/** One place of the header: a button for a GPIO, as there is nothing to do with power and ground. */
export function PinPlace({ pin, state, isChosen, isReachable, onLook, onKey, onChoose }: Properties) {
  const side = pin.position % 2 === 1 ? "left" : "right";
  const content = (
    <>
      <span class="pin-text">
        <span class="pin-name">{pinName(pin)}</span>{" "}
        {state.note !== "" && <span class="pin-note">{state.note}</span>}
      </span>{" "}
      <span class="pin-number">
        <span class="visually-hidden">pin </span>
        {pin.position}
      </span>{" "}
      <span class={`pin-dot pin-${state.look}${state.level === null ? "" : ` pin-level-${state.level}`}`}>
        {state.sign}
      </span>{" "}
      <span class="visually-hidden">{state.said}</span>
    </>
  );
  const { gpio } = pin;
  if (gpio === null) {
    return (
      <li class={`pin-place pin-${side}`}>
        <span class="pin-body">{content}</span>
      </li>
    );
  }
  return (
    <li class={`pin-place pin-${side}`}>
      <button
        type="button"
        class="pin-body"
        aria-pressed={isChosen}
        tabIndex={isReachable ? 0 : -1}
        data-position={pin.position}
        onFocus={() => onLook(pin)}
        onPointerEnter={() => onLook(pin)}
        onKeyDown={(event) => onKey(event, pin.position)}
        onClick={() => onChoose(pinResource(gpio))}
      >
        {content}
      </button>
    </li>
  );
}
