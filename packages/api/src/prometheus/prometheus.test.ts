import { describe, expect, it } from "vitest";
import { meshEvent, nodeId } from "../testing/samples.ts";
import { startApi } from "../testing/start-api.ts";
import { prometheusText } from "./text.ts";

describe("prometheusText", () => {
  it("writes families with escaped labels and help", () => {
    const text = prometheusText([
      {
        name: "a_total",
        help: "Two\nlines",
        type: "counter",
        samples: [{ labels: { path: 'C:\\"x"\n' }, value: 1.5 }, { value: Number.POSITIVE_INFINITY }],
      },
      { name: "empty", help: "", type: "gauge", samples: [] },
    ]);
    expect(text).toBe(
      '# HELP a_total Two\\nlines\n# TYPE a_total counter\na_total{path="C:\\\\\\"x\\"\\n"} 1.5\na_total +Inf\n',
    );
  });
});

/** The samples of the text format, by name and labels as written. Throws on what Prometheus would refuse. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\S+) (gauge|counter|histogram)$/.exec(line);
    if (type !== null) {
      if (typed.has(type[1] ?? "")) throw new Error(`${type[1]} comes twice`);
      typed.add(type[1] ?? "");
    }
    if (line.startsWith("#")) continue;
    const match = /^(([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})?) (\S+)$/.exec(line);
    if (match === null || Number.isNaN(Number(match[4]))) throw new Error(`not a sample: ${line}`);
    if (samples.has(match[1] ?? "")) throw new Error(`twice the same sample: ${line}`);
    samples.set(match[1] ?? "", Number(match[4]));
  }
  return samples;
}

describe("/metrics", () => {
  it("shows every known node, and leaves out what is not current", async () => {
    const { url, fetch } = await startApi({ nodeCount: 1_200 });
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = parse(await response.text());
    const of = (name: string, number: number, more = "") =>
      samples.get(`picontroller_${name}{node="${nodeId(number)}"${more}}`);
    expect(of("node_temperature_celsius", 1_198)).toBe(48.5);
    expect(of("node_temperature_celsius", 1_199)).toBeUndefined();
    expect(of("node_membership", 1_199, ',state="dead"')).toBe(1);
    expect(of("node_membership", 1_199, ',state="alive"')).toBe(0);
    expect(of("node_throttling", 0, ',flag="underVoltage"')).toBe(1);
    expect(of("node_load_average", 0, ',minutes="15"')).toBe(0.125);
    expect(of("node_disk_used_bytes", 0)).toBeUndefined();
    expect(samples.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  });

  it("counts requests by route, and events by type", async () => {
    const { url, events, fetch } = await startApi();
    await fetch(`${url}/api/v1/nodes/${nodeId(1)}`);
    await fetch(`${url}/api/v1/nodes/${nodeId(2)}`);
    await fetch(`${url}/api/v1/nodes/${nodeId(99)}`);
    await fetch(`${url}/api/v1/anything`, { method: "PURGE" });
    events.append(meshEvent(1), meshEvent(2), meshEvent(3, "vendor.thing.done"));
    const samples = parse(await (await fetch(`${url}/metrics`)).text());
    const requests = (method: string, route: string, status: number) =>
      samples.get(`picontroller_http_requests_total{method="${method}",route="${route}",status="${status}"}`);
    expect(requests("GET", "/api/v1/nodes/{id}", 200)).toBe(2);
    expect(requests("GET", "/api/v1/nodes/{id}", 404)).toBe(1);
    expect(requests("other", "none", 404)).toBe(1);
    const durations =
      'picontroller_http_request_duration_seconds_bucket{method="GET",route="/api/v1/nodes/{id}"';
    expect(samples.get(`${durations},le="+Inf"}`)).toBe(3);
    expect(samples.get('picontroller_events_total{type="cluster.node.alive"}')).toBe(2);
    expect(samples.get('picontroller_events_total{type="other"}')).toBe(1);
  });
});
