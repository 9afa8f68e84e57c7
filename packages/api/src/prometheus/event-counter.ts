import { eventTypes } from "@pi-controller/schema";
import type { MetricFamily, MetricSource } from "./text.ts";

/** Counts events by type. Types that this version does not know count as one, to bound the labels. */
export class EventCounter implements MetricSource {
  readonly #counts = new Map<string, number>();

  count(type: string): void {
    const label = Object.hasOwn(eventTypes, type) ? type : "other";
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  collect(): readonly MetricFamily[] {
    return [
      {
        name: "picontroller_events_total",
        help: "Events that came into this peer's log since it started",
        type: "counter",
        samples: [...this.#counts].map(([type, value]) => ({ labels: { type }, value })),
      },
    ];
  }
}
