import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { darkScheme } from "../time/color-scheme.ts";
import { type ChartShape, chartOptions } from "./chart-options.ts";
import { rangeText } from "./chart-summary.ts";

export interface ChartLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface Properties {
  readonly title: string;
  readonly shape: ChartShape;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** The last value stands for now; otherwise it is only the last that was heard. */
  readonly live: boolean;
  /** First and last moment that is shown, in seconds. */
  readonly window: readonly [from: number, to: number];
}

const HEIGHT = 132;

/** A live chart of one or two lines. It says in words what it shows, and, under the pointer, the values there. */
export function Chart({ title, shape, times, lines, live, window: shownWindow }: Properties) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const latestWindow = useRef(shownWindow);
  latestWindow.current = shownWindow;
  const data = [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const latestData = useRef(data);
  latestData.current = data;
  const dark = darkScheme.value;
  const lineCount = lines.length;

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const size = { width: Math.max(element.clientWidth, 100), height: HEIGHT };
    const options = chartOptions(shape, lineCount, getComputedStyle(element), () => latestWindow.current);
    const onCursor = (chart: uPlot) => setIndex(chart.cursor.idx ?? null);
    const chart = new uPlot(
      { ...options, ...size, hooks: { setCursor: [onCursor] } },
      latestData.current,
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, lineCount, dark]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [times, shownWindow[0], shownWindow[1]]);

  const shownIndex = index ?? times.length - 1;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        {lines.map(({ label, values }, line) => (
          <span key={label} class={`chart-value line-${line}`}>
            {lines.length > 1 && `${label} `}
            {index === null && !live && "last "}
            <b>{valueText(values[shownIndex], shape)}</b>
          </span>
        ))}
        {index !== null && <span class="muted">{timeText(times[index])}</span>}
      </figcaption>
      <div ref={host} role="img" aria-label={rangeText(title, lines, shape.format)} />
    </figure>
  );
}

function valueText(value: number | null | undefined, shape: ChartShape): string {
  return value === null || value === undefined ? "unknown" : shape.format(value);
}

function timeText(seconds: number | undefined): string {
  return seconds === undefined ? "" : new Date(seconds * 1000).toLocaleTimeString("en-GB");
}
