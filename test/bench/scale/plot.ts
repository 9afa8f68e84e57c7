import type { Measurements } from "./measurements.ts";

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly valueOf: (measured: Measurements) => number;
}

const WIDTH = 720;
const HEIGHT = 420;
const MARGIN = { left: 60, right: 190, top: 20, bottom: 45 };
/** Decades of the vertical axis. */
const LOWEST = -1;
const HIGHEST = 3;

/** Draws lines over the number of peers, both axes logarithmic: what grows as N does rises as steeply as the dashed one. */
export function plotOf(measured: readonly Measurements[], lines: readonly Line[]): string {
  const sizes = measured.map(({ peers }) => Math.log10(peers));
  const [first = 0, last = 1] = [sizes[0], sizes.at(-1)];
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const x = (log: number) => MARGIN.left + ((log - first) / (last - first || 1)) * plotWidth;
  const y = (log: number) => MARGIN.top + ((HIGHEST - log) / (HIGHEST - LOWEST)) * plotHeight;
  const clamp = (value: number) => Math.min(HIGHEST, Math.max(LOWEST, Math.log10(value)));
  const path = (points: readonly (readonly [number, number])[]) =>
    points.map(([left, top]) => `${left.toFixed(1)},${top.toFixed(1)}`).join(" ");
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...measured.map(({ peers }, index) =>
      text(x(sizes[index] ?? 0), HEIGHT - 22, `${peers}`, `text-anchor="middle"`),
    ),
    text(MARGIN.left + plotWidth / 2, HEIGHT - 5, "peers", `text-anchor="middle"`),
  ];
  for (let decade = LOWEST; decade <= HIGHEST; decade++) {
    const top = y(decade);
    parts.push(
      `<line x1="${MARGIN.left}" y1="${top}" x2="${WIDTH - MARGIN.right}" y2="${top}" stroke="#ddd"/>`,
      text(MARGIN.left - 8, top + 4, `${10 ** decade}`, `text-anchor="end"`),
    );
  }
  const slope = [first, Math.min(last, first + HIGHEST - LOWEST)] as const;
  parts.push(
    `<polyline points="${path(slope.map((log) => [x(log), y(LOWEST + log - first)]))}" fill="none" stroke="#999" stroke-dasharray="4 4"/>`,
  );
  const labels = spread(lines.map(({ valueOf }) => y(clamp(valueOf(measured.at(-1) as Measurements)))));
  for (const [index, { colour, name, valueOf }] of lines.entries()) {
    const points = measured.map((one, place) => [x(sizes[place] ?? 0), y(clamp(valueOf(one)))] as const);
    parts.push(
      `<polyline points="${path(points)}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map(
        ([left, top]) => `<circle cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="3" fill="${colour}"/>`,
      ),
      text(WIDTH - MARGIN.right + 10, (labels[index] ?? 0) + 4, name, `fill="${colour}"`),
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">\n${parts.join("\n")}\n</svg>\n`;
}

function text(left: number, top: number, content: string, attributes: string): string {
  return `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${attributes}>${content}</text>`;
}

/** Moves labels apart that would lie on each other. */
function spread(tops: readonly number[]): readonly number[] {
  const order = tops.map((top, index) => ({ top, index })).sort((a, b) => a.top - b.top);
  const places: number[] = [];
  let lowest = Number.NEGATIVE_INFINITY;
  for (const { index, top } of order) {
    lowest = Math.max(top, lowest + 16);
    places[index] = lowest;
  }
  return places;
}
