export type Labels = Readonly<Record<string, string>>;

export interface MetricSample {
  readonly labels?: Labels;
  readonly value: number;
  /** Appended to the family's name, as `_bucket` of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

export interface MetricFamily {
  /** With its unit, as `picontroller_node_memory_used_bytes`. */
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly samples: readonly MetricSample[];
}

/** Port: something that has figures for Prometheus, taken when it asks. */
export interface MetricSource {
  collect(): readonly MetricFamily[];
}

/** Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"). */
export function prometheusText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help, /[\\\n]/g)}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value, suffix = "" } of samples) {
      lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, /[\\\n"]/g)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string, what: RegExp): string {
  return text.replace(what, (found) => (found === "\n" ? "\\n" : `\\${found}`));
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
