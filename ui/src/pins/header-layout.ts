import type { HeaderPin } from "@pi-controller/schema";

/** The 2 x 20 places as they lie on the board, seen from above with pin 1 at the top left: odd ones left, even right. */
export function headerRows(header: readonly HeaderPin[]): readonly (readonly HeaderPin[])[] {
  const rows = new Map<number, HeaderPin[]>();
  for (const pin of header.toSorted((one, other) => one.position - other.position)) {
    const row = Math.ceil(pin.position / 2);
    rows.set(row, [...(rows.get(row) ?? []), pin]);
  }
  return [...rows.values()];
}

/** What is printed beside a place: `GPIO18`, `3.3 V`, `5 V`, `Ground`. */
export function pinName({ kind, gpio }: Pick<HeaderPin, "kind" | "gpio">): string {
  return kind === "gpio" ? `GPIO${gpio}` : powerNames[kind];
}

const powerNames = { "3v3": "3.3 V", "5v": "5 V", ground: "Ground" } as const;

/** The GPIO that an arrow key, Home or End leads to from a place of the header; null for a key that leads nowhere. */
export function neighbour(header: readonly HeaderPin[], position: number, key: string): number | null {
  const gpios = header
    .flatMap((pin) => (pin.kind === "gpio" ? [pin.position] : []))
    .toSorted((a, b) => a - b);
  const column = gpios.filter((place) => place % 2 === position % 2);
  const found = {
    ArrowDown: column.find((place) => place > position),
    ArrowUp: column.findLast((place) => place < position),
    ArrowRight: gpios.find((place) => position % 2 === 1 && place === position + 1),
    ArrowLeft: gpios.find((place) => position % 2 === 0 && place === position - 1),
    Home: gpios[0],
    End: gpios.at(-1),
  }[key];
  return found ?? null;
}
