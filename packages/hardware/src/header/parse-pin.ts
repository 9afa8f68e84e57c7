import { MeshError } from "@pi-controller/schema";
import type { Header, HeaderPlace } from "./header.ts";

const EXPECTED = "expected a pin such as GPIO18, 18 or header:12";
const PIN = /^(?:GPIO)?(0|[1-9]\d?)$/i;
const PLACE = /^header:(0|[1-9]\d?)$/i;
const nameOfKind: Readonly<Record<HeaderPlace["kind"], string>> = {
  gpio: "a GPIO",
  "3v3": "3.3 V",
  "5v": "5 V",
  ground: "ground",
};

/**
 * Reads `GPIO18`, `18` or `header:12`, which mean the same pin.
 *
 * @returns the BCM number; also of a pin that is reserved for something on the board
 * @throws MeshError INVALID_ARGUMENT that names the field `resource` and what was expected there
 */
export function parsePin(text: string, header: Header): number {
  const position = PLACE.exec(text)?.[1];
  if (position !== undefined) return gpioAt(Number(position), header);
  const number = PIN.exec(text)?.[1];
  if (number === undefined) throw refusal(EXPECTED);
  const gpio = Number(number);
  if (!header.places.some((place) => place.gpio === gpio)) {
    throw refusal(`GPIO${gpio} is not on this board's header: ${range(header)}`);
  }
  return gpio;
}

function gpioAt(position: number, header: Header): number {
  const place = header.places.find((candidate) => candidate.position === position);
  if (place === undefined) {
    const { length } = header.places;
    throw refusal(
      length === 0
        ? `there is no header:${position}, this machine has no GPIO header`
        : `there is no header:${position}, expected header:1 to header:${length}`,
    );
  }
  if (place.gpio === null) {
    throw refusal(`header:${position} is ${nameOfKind[place.kind]}, expected the place of a GPIO`);
  }
  return place.gpio;
}

function range({ places }: Header): string {
  const gpios = places.flatMap(({ gpio }) => (gpio === null ? [] : [gpio]));
  if (gpios.length === 0) return "this machine has none";
  return `expected GPIO${Math.min(...gpios)} to GPIO${Math.max(...gpios)}`;
}

function refusal(message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid pin: ${message}`, {
    fields: [{ field: "resource", message }],
  });
}
