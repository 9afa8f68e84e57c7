import type uPlot from "uplot";

/** How the values of a chart are to be drawn and written. */
export interface ChartShape {
  readonly format: (value: number) => string;
  /** Short form for the axis. */
  readonly formatAxis: (value: number) => string;
  /** The axis shows at least this range, and more where values are beyond it. */
  readonly atLeast: readonly [low: number, high: number];
  /** Distances between marks on the axis of values to choose from; uPlot's own, decimal ones otherwise. */
  readonly steps?: readonly number[];
}

/** Seconds between marks on the axis of time. */
const TIME_STEPS = [10, 30, 60, 120, 300, 600, 1200, 3600];

/**
 * Options for uPlot in the colours of the page, with cursors in step over all charts.
 *
 * @param style of the element that the chart is drawn in: its custom properties hold the colours
 * @param window tells the first and last moment to show, in seconds, at each drawing
 */
export function chartOptions(
  shape: ChartShape,
  lineCount: number,
  style: CSSStyleDeclaration,
  window: () => readonly [number, number],
): Omit<uPlot.Options, "width" | "height"> {
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--muted"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    cursor: { y: false, sync: { key: "metrics" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: () => [...window()] as [number, number] },
      y: { range: (_chart, low, high) => rangeAround(low, high, shape.atLeast) },
    },
    axes: [
      { ...axis, space: 70, incrs: TIME_STEPS, size: 26, values: (_chart, splits) => splits.map(clockText) },
      {
        ...axis,
        ...(shape.steps === undefined ? {} : { incrs: [...shape.steps] }),
        space: 30,
        size: 58,
        values: (_chart, splits) => splits.map(shape.formatAxis),
      },
    ],
    series: [
      {},
      ...Array.from({ length: lineCount }, (_, line) => ({
        stroke: color(`--line-${line}`),
        ...(lineCount === 1 ? { fill: color("--line-fill") } : {}),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

function rangeAround(
  low: number | null,
  high: number | null,
  [atLeastLow, atLeastHigh]: readonly [number, number],
): [number, number] {
  const top = Math.max(high ?? atLeastHigh, atLeastHigh);
  return [Math.min(low ?? atLeastLow, atLeastLow), top > atLeastHigh ? top * 1.1 : top];
}

function clockText(seconds: number): string {
  const time = new Date(seconds * 1000);
  const [hours, minutes, rest] = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  return rest === "00" ? `${hours}:${minutes}` : `${hours}:${minutes}:${rest}`;
}
