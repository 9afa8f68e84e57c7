import type { MetricFamily, MetricSample, MetricSource } from "./text.ts";

/** Upper bounds in seconds: from a cached answer on a fast machine to a join that has to dial. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10] as const;

interface Durations {
  readonly method: string;
  readonly route: string;
  /** How many took at most the bound of the same place. */
  readonly counts: number[];
  total: number;
  sumSeconds: number;
}

/** Counts requests. Labels are routes, not paths, so that there are only ever a few of them. */
export class RequestMetrics implements MetricSource {
  readonly #durations = new Map<string, Durations>();
  readonly #statuses = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  /** @param route of the table of routes, or what kind of thing it was; never anything the client made up */
  record(request: { method: string; route: string; status: number; durationMs: number }): void {
    const { method, route, status } = request;
    const statusKey = `${method} ${route} ${status}`;
    const counter = this.#statuses.get(statusKey);
    if (counter === undefined) {
      this.#statuses.set(statusKey, { labels: { method, route, status: String(status) }, value: 1 });
    } else {
      counter.value += 1;
    }
    this.#observe(method, route, request.durationMs / 1_000);
  }

  #observe(method: string, route: string, seconds: number): void {
    const key = `${method} ${route}`;
    const durations = this.#durations.get(key) ?? {
      method,
      route,
      counts: BUCKETS.map(() => 0),
      total: 0,
      sumSeconds: 0,
    };
    for (const [index, bound] of BUCKETS.entries()) {
      if (seconds <= bound) durations.counts[index] = (durations.counts[index] ?? 0) + 1;
    }
    durations.total += 1;
    durations.sumSeconds += seconds;
    this.#durations.set(key, durations);
  }

  collect(): readonly MetricFamily[] {
    return [
      {
        name: "picontroller_http_requests_total",
        help: "HTTP requests answered",
        type: "counter",
        samples: [...this.#statuses.values()].map(({ labels, value }) => ({ labels, value })),
      },
      {
        name: "picontroller_http_request_duration_seconds",
        help: "Time from a request's headers to its answer",
        type: "histogram",
        samples: [...this.#durations.values()].flatMap(histogramSamples),
      },
    ];
  }
}

function histogramSamples({ method, route, counts, total, sumSeconds }: Durations): MetricSample[] {
  const bucket = (bound: string, value: number): MetricSample => ({
    suffix: "_bucket",
    labels: { method, route, le: bound },
    value,
  });
  return [
    ...BUCKETS.map((bound, index) => bucket(String(bound), counts[index] ?? 0)),
    bucket("+Inf", total),
    { suffix: "_sum", labels: { method, route }, value: sumSeconds },
    { suffix: "_count", labels: { method, route }, value: total },
  ];
}
